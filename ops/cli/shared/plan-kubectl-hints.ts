/** kubectl's commands that Troupe lacks, and what to use instead. */
const INSTEAD: Readonly<Record<string, string>> = {
  annotate: 'change the manifest and "troupe apply -f" it',
  'api-resources': '"troupe get x" lists the kinds that are served',
  'api-versions': '"troupe get x" lists the kinds that are served',
  'cluster-info': 'use "troupe status"',
  config: 'use --context or TROUPE_NAMESPACE',
  describe: 'use "troupe get <kind>/<name> -o yaml" and "troupe get events"',
  diff: '"troupe apply -f" prints what is configured and what is unchanged',
  edit: 'change the manifest and "troupe apply -f" it',
  events: 'use "troupe get events"',
  expose: 'there are no Services yet',
  label: 'change the manifest and "troupe apply -f" it',
  patch: 'change the manifest and "troupe apply -f" it',
  replace: 'use "troupe apply -f"',
  rollout: '"troupe get deploy/<name> -w" follows one; to undo it, "troupe apply -f" the previous manifest',
  run: 'write a manifest and "troupe create -f" it',
  set: 'change the manifest and "troupe apply -f" it',
  top: 'use "docker stats"',
  wait: 'use "troupe get <kind>/<name> -w"; "troupe delete" waits by itself',
};
const NONE_YET = new Set(
  'attach autoscale certificate cordon cp debug drain explain kustomize plugin proxy taint uncordon'.split(' '),
);

/**
 * A hint for a command of kubectl that Troupe lacks. Pure.
 * @returns `undefined` when it is not a command of kubectl, or Troupe has it too
 */
export function kubectlHint(command: string): string | undefined {
  if (NONE_YET.has(command)) return 'Troupe does not have it yet; see ops/docs/differences.md';
  return Object.hasOwn(INSTEAD, command) ? INSTEAD[command] : undefined;
}

/** Kinds of Kubernetes that are not served: for these no kind with a similar name is suggested. */
const KINDS = new Set(
  (
    'service services svc endpoints ep endpointslice endpointslices job jobs cronjob cronjobs cj ' +
    'statefulset statefulsets sts daemonset daemonsets ds replicationcontroller replicationcontrollers rc ' +
    'ingress ingresses ing ingressclass ingressclasses networkpolicy networkpolicies netpol ' +
    'persistentvolume persistentvolumes pv persistentvolumeclaim persistentvolumeclaims pvc storageclass storageclasses sc ' +
    'horizontalpodautoscaler horizontalpodautoscalers hpa poddisruptionbudget poddisruptionbudgets pdb ' +
    'role roles rolebinding rolebindings clusterrole clusterroles clusterrolebinding clusterrolebindings ' +
    'customresourcedefinition customresourcedefinitions crd crds lease leases limitrange limitranges limits ' +
    'resourcequota resourcequotas quota priorityclass priorityclasses pc podtemplate podtemplates ' +
    'controllerrevision controllerrevisions runtimeclass runtimeclasses componentstatus componentstatuses cs'
  ).split(' '),
);

/** @param word `jobs`, `svc`, `StatefulSet`; also with a group: `jobs.batch` */
export const isKubernetesKind = (word: string): boolean => KINDS.has(word.toLowerCase().split('.')[0] ?? '');
