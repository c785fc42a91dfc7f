/* The objects that the cases write, of a common size. */

export const podOf = (name: string, extra: { readonly nodeName?: string } = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'bench', tier: 'web', 'pod-template-hash': '5d4f8c7b9' } },
  spec: {
    ...extra,
    containers: [
      {
        name: 'web',
        image: 'registry.example/bench/web:1.2.3',
        env: [{ name: 'MESSAGE', value: 'hello' }],
        ports: [{ containerPort: 8080 }],
        resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
      },
    ],
  },
});

/** About a kilobyte. */
export const configMapOf = (name: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels: { app: 'bench' } },
  data: { 'settings.conf': 'a setting and its value\n'.repeat(40) },
});

export const nodeOf = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' } },
  spec: {},
  status: {
    capacity: { cpu: '32', memory: '64Gi', pods: '110' },
    allocatable: { cpu: '32', memory: '64Gi', pods: '110' },
    conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'a simulated node' }],
  },
});

export const namespaceOf = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
