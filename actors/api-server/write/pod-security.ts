import type { PodSpec } from '../../../contracts/kinds/kinds.ts';
import { levelOf, violated } from '../../../contracts/kinds/pod-security/pod-security.ts';
import { forbidden } from '../api-errors.ts';
import type { Answer, Context } from '../context.ts';
import type { Obj } from '../object.ts';
import { checkAgainstView } from '../read/get-and-list.ts';
import type { Target } from '../request.ts';

/** Rejects a pod that breaks the level of pod security that its namespace enforces. @param pod with defaults, validated */
export const checkPodSecurity = (context: Context, { kind, namespace }: Target, pod: Obj): Answer<void> =>
  checkAgainstView(context, ({ view }) => {
    if (kind.resource !== 'pods') return undefined;
    const labels = view.get('namespaces', undefined, namespace)?.metadata?.labels;
    const finding = violated(pod.spec as unknown as PodSpec, levelOf(labels, 'enforce'));
    return finding === undefined ? undefined : forbidden(kind.resource, pod.metadata.name ?? '', finding);
  });
