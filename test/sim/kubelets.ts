import type { Pod } from '../../contracts/kinds/kinds.ts';
import type { SimWorld } from './sim-world.ts';

const READY = { type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' };

/** What the kubelets of all nodes do at once: a pod runs, unless its image is `bad`; one that is deleted is gone. */
export function actAsKubelets(world: Pick<SimWorld, 'all' | 'do'>): void {
  for (const { metadata, spec, status } of world.all<Pod>('pods')) {
    const { name = '', namespace = '' } = metadata ?? {};
    if ((spec?.nodeName ?? '') === '') continue;
    if (metadata?.deletionTimestamp !== undefined)
      world.do('delete', 'pods', namespace, name, { gracePeriodSeconds: 0 });
    else if (status?.phase === 'Pending' && spec?.containers[0]?.image !== 'bad')
      world.do('patch', 'pods/status', namespace, name, { status: { phase: 'Running', conditions: [READY] } });
  }
}
