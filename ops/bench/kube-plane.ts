import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { choosePort } from '../boot/nats/nats-process.ts';
import { type Supervised, supervise } from '../boot/supervision/supervise.ts';
import { findProgram } from '../setup/facts.ts';
import { until } from './drive.ts';
import { endLater } from './end-later.ts';
import { KubeClient } from './kube-client.ts';

const PROGRAMS = ['etcd', 'kube-apiserver', 'kube-scheduler'] as const;
const READY_WITHIN_MS = 120_000;

/** @returns which of Kubernetes' programs are missing; `undefined` when none is */
export function lacksKubernetes(): string | undefined {
  const missing = PROGRAMS.filter((program) => findProgram(program) === undefined);
  if (missing.length === 0) return undefined;
  return `${missing.join(', ')} not found on PATH; put Kubernetes' programs there to measure them`;
}

export interface KubePlane {
  readonly client: KubeClient;
  readonly stop: () => Promise<void>;
}

/** Starts Kubernetes' control plane in a temporary folder, as far as the bench uses it. Its token allows everything. */
export async function startKubePlane(): Promise<KubePlane> {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-bench-kubernetes-'));
  const file = (name: string): string => join(folder, name);
  const children: Supervised[] = [];
  let client: KubeClient | undefined;
  const run = (name: (typeof PROGRAMS)[number], args: readonly string[]): void => {
    const logFile = file(`${name}.log`);
    // On SIGTERM kube-apiserver waits a minute for further requests.
    const spec = { name, command: findProgram(name) ?? name, args, env: process.env, logFile, graceMs: 1_000 };
    children.push(supervise(spec, { ended: (_name, why) => console.error(`${name} ${why}; see ${logFile}`) }));
  };
  const stop = endLater(async () => {
    client?.close();
    for (const child of children.reverse()) await child.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  try {
    const [store, peer, api, scheduler] = [
      await choosePort(0),
      await choosePort(0),
      await choosePort(0),
      await choosePort(0),
    ].map((port) => `127.0.0.1:${port}`) as [string, string, string, string];
    run('etcd', etcdArguments(file('etcd'), store, peer));
    const token = randomBytes(16).toString('hex');
    const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(file('sa.key'), keys.privateKey.export({ type: 'pkcs1', format: 'pem' }));
    writeFileSync(file('sa.pub'), keys.publicKey.export({ type: 'spki', format: 'pem' }));
    writeFileSync(file('tokens'), `${token},bench,bench,system:masters\n`);
    run('kube-apiserver', apiServerArguments(file, store, api));
    let ready: KubeClient | undefined;
    await until('kube-apiserver answers', READY_WITHIN_MS, async () => {
      try {
        ready = new KubeClient(`https://${api}`, token, readFileSync(file('certificates/apiserver.crt'), 'utf8'));
        await ready.ask('GET', '/api/v1/namespaces/default');
        return true;
      } catch {
        ready?.close();
        return false;
      }
    });
    client = ready as KubeClient;
    writeFileSync(file('kubeconfig'), kubeconfig(`https://${api}`, token));
    writeFileSync(file('scheduler.json'), JSON.stringify(schedulerConfig(file('kubeconfig'))));
    run('kube-scheduler', [
      `--config=${file('scheduler.json')}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${scheduler.split(':')[1]}`,
      '--authentication-skip-lookup',
    ]);
    return { client, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @param store, peer addresses that etcd listens on */
const etcdArguments = (folder: string, store: string, peer: string): readonly string[] => [
  `--data-dir=${folder}`,
  `--listen-client-urls=http://${store}`,
  `--advertise-client-urls=http://${store}`,
  `--listen-peer-urls=http://${peer}`,
  `--initial-advertise-peer-urls=http://${peer}`,
  `--initial-cluster=default=http://${peer}`,
  '--unsafe-no-fsync', // Troupe's store does not wait for the disk either
];

/** @param store address of etcd  @param api address that kube-apiserver listens on */
const apiServerArguments = (file: (name: string) => string, store: string, api: string): readonly string[] => [
  `--etcd-servers=http://${store}`,
  `--cert-dir=${file('certificates')}`,
  '--bind-address=127.0.0.1',
  '--advertise-address=127.0.0.1',
  `--secure-port=${api.split(':')[1]}`,
  '--service-cluster-ip-range=10.0.0.0/24',
  `--service-account-key-file=${file('sa.pub')}`,
  `--service-account-signing-key-file=${file('sa.key')}`,
  '--service-account-issuer=https://bench.invalid',
  `--token-auth-file=${file('tokens')}`,
  '--authorization-mode=AlwaysAllow',
  '--disable-admission-plugins=ServiceAccount,TaintNodesByCondition', // they need controllers, which do not run here
  '--endpoint-reconciler-type=none',
];

const kubeconfig = (server: string, token: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'bench', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'bench', user: { token } }],
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }],
    'current-context': 'bench',
  });

/** Raises kube-scheduler's limit of fifty requests a second. */
const schedulerConfig = (path: string) => ({
  apiVersion: 'kubescheduler.config.k8s.io/v1',
  kind: 'KubeSchedulerConfiguration',
  clientConnection: { kubeconfig: path, qps: 10_000, burst: 10_000 },
  leaderElection: { leaderElect: false },
});
