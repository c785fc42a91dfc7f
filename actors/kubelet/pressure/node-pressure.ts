import { from, type Observable } from 'rxjs';
import { type EvictionOptions, parseThresholds, type Threshold } from '../../../contracts/eviction/thresholds.ts';
import type { EventNote } from '../../../contracts/kinds/event/make-event.ts';
import type { Pod } from '../../../contracts/kinds/kinds.ts';
import type { NodeUsage } from '../../../contracts/messages/metrics.ts';
import type { Cell, Json, Said } from '../../kernel/contract.ts';
import type { KubeletWorld } from '../kubelet-says.ts';
import type { PodFailure } from '../pods/pod-types.ts';
import { observationsOf } from './observations.ts';
import { planEviction, planStorageEvictions, resourceOf, type UsingPod } from './plan-eviction.ts';
import { NO_PRESSURE, planNodeConditions, type PressureState } from './plan-node-conditions.ts';
import { PRESSURES, type Pressure, pressureReason } from './pressure-conditions.ts';

const TRANSITION_SECONDS = 300;

/** What is kept from one usage sample to the next. */
type Known = PressureState & {
  readonly pressures: readonly Pressure[];
  /** Resources that are being reclaimed. */
  readonly reclaiming: readonly string[];
};
const NOTHING_KNOWN: Known = { ...NO_PRESSURE, pressures: [], reclaiming: [] };

export interface NodePressureParts {
  readonly world: KubeletWorld;
  readonly options: EvictionOptions | undefined;
  /** Pods that have not ended. `ending`: they are being evicted. */
  readonly pods: () => readonly { readonly uid: string; readonly pod: Pod; readonly ending: boolean }[];
  readonly evict: (uid: string, failure: PodFailure) => void;
  /** The node's conditions changed. */
  readonly changed: () => void;
  readonly nodeEvent: (note: EventNote) => Said;
}

/** Decides by usage samples: pressure conditions of the node, and which pods are evicted. */
export class NodePressure {
  readonly #parts: NodePressureParts;
  readonly #thresholds: readonly Threshold[];

  constructor(parts: NodePressureParts) {
    this.#parts = parts;
    this.#thresholds = parts.options === undefined ? [] : parseThresholds(parts.options);
  }

  /** Pods are or would be evicted for want of disk space. */
  get isDiskShort(): boolean {
    return this.#known.reclaiming.includes('ephemeral-storage');
  }

  get pressures(): readonly Pressure[] {
    return this.#known.pressures;
  }

  /** A usage sample arrived. */
  sampled(usage: NodeUsage): Observable<Said> {
    const { world, options, pods, evict, changed, nodeEvent } = this.#parts;
    const seen = observationsOf(usage);
    const before = this.#known;
    const transitionMs = 1000 * (options?.pressureTransitionPeriodSeconds ?? TRANSITION_SECONDS);
    const found = planNodeConditions(this.#thresholds, seen, before, { now: world.now(), transitionMs });
    const reclaiming = [...new Set(found.due.map(({ signal }) => resourceOf(signal)))];
    this.#cell.set({ ...found.state, pressures: found.pressures, reclaiming } as unknown as Json);
    const turned = PRESSURES.filter((each) => found.pressures.includes(each) !== before.pressures.includes(each));
    if (turned.length > 0) changed();
    const active = pods();
    const using = active.filter(({ ending }) => !ending).flatMap((one) => usingPod(one, usage));
    const greedy = planStorageEvictions(using);
    for (const { uid, failure } of greedy) evict(uid, failure);
    // One at a time: what it holds is not free until it has stopped.
    if (greedy.length === 0 && !active.some(({ ending }) => ending)) {
      // Of disk space unused images go first: whether that was enough, the next sample says.
      const due = found.due.filter(({ signal }) => {
        const resource = resourceOf(signal);
        return resource !== 'ephemeral-storage' || before.reclaiming.includes(resource);
      });
      const evicted = planEviction(due, seen, using, options?.maxPodGracePeriodSeconds ?? 0);
      if (evicted !== undefined) evict(evicted.uid, evicted.failure);
    }
    return from([
      ...turned.map((each) => nodeEvent(turnedNote(usage.node, each, found.pressures.includes(each)))),
      ...reclaiming.filter((each) => !before.reclaiming.includes(each)).map((each) => nodeEvent(reclaimNote(each))),
    ]);
  }

  get #known(): Known {
    return (this.#cell.get() ?? NOTHING_KNOWN) as Known;
  }
  get #cell(): Cell<Json> {
    return this.#parts.world.cell<Json>('pressure', null);
  }
}

function usingPod({ uid, pod }: { readonly uid: string; readonly pod: Pod }, usage: NodeUsage): readonly UsingPod[] {
  const containers = usage.containers.filter((each) => each.pod.uid === uid);
  const volumes = usage.volumes.filter(({ podUid }) => podUid === uid);
  return containers.length === 0 ? [] : [{ uid, pod, containers, volumes }];
}

function turnedNote(node: string, pressure: Pressure, has: boolean): EventNote {
  const reason = pressureReason(pressure, has);
  return { type: 'Normal', reason, message: `Node ${node} status is now: ${reason}` };
}
const reclaimNote = (resource: string): EventNote => ({
  type: 'Warning',
  reason: 'EvictionThresholdMet',
  message: `Attempting to reclaim ${resource}`,
});
