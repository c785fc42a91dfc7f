import { defer, merge } from 'rxjs';
import { map, mergeMap } from 'rxjs/operators';
import { defineActor, watch } from '../kernel/declare.ts';
import { PodScheduler } from './pod-scheduler.ts';
import { affectsScheduling } from './scheduling-changes.ts';
import { SAYS } from './scheduling-requests.ts';

/** Gives each pending pod a node. */
export const scheduler = defineActor({
  name: 'scheduler',
  singleton: true,
  hears: { nodes: watch('nodes'), pods: watch('pods', { concerns: affectsScheduling }) },
  says: SAYS,
  behave: (inputs, world) => {
    const pods = new PodScheduler(world);
    const resumed$ = defer(() => {
      if (world.began() === 'resumed') pods.resume();
      return [undefined];
    });
    const nodes$ = inputs.nodes.pipe(map((changes) => pods.nodesChanged(changes)));
    const pods$ = inputs.pods.pipe(map((changes) => pods.podsChanged(changes)));
    return merge(resumed$, nodes$, pods$, pods.retry$).pipe(mergeMap(() => pods.scheduleReady()));
  },
});
