const SHAPE = /^v(\d+)(?:(alpha|beta)(\d+))?$/;
const STAGES = ['alpha', 'beta', undefined];

/**
 * Kubernetes' priority of API versions: stable before beta before alpha, then the higher number; other names last, by name.
 * @returns negative when `a` comes first
 * @see https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/#version-priority
 */
export function compareVersions(a: string, b: string): number {
  const [one, two] = [SHAPE.exec(a), SHAPE.exec(b)];
  if (one === null || two === null) {
    if (one !== null) return -1;
    if (two !== null) return 1;
    return a < b ? -1 : a > b ? 1 : 0;
  }
  const stage = STAGES.indexOf(two[2]) - STAGES.indexOf(one[2]);
  return stage || Number(two[1]) - Number(one[1]) || Number(two[3] ?? 0) - Number(one[3] ?? 0);
}
