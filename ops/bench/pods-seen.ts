import { guarded } from '../../actors/kernel/nats/nats-guarded-callback.ts';
import { decode } from '../../contracts/codec/codec.ts';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { untoken } from '../../contracts/subjects/token.ts';
import type { Client } from '../client/client.ts';
import { inFlight, paced, until } from './drive.ts';
import { podOf } from './objects.ts';

export const NAMESPACE = 'bench-pods';

/** Has a pod reached a state? */
export type Milestone = (pod: Pod) => boolean;
export const isBound: Milestone = ({ spec }) => (spec?.nodeName ?? '') !== '';
export const isRunning: Milestone = ({ status }) => status?.phase === 'Running';

type By<M extends string, T> = Readonly<Record<M, T>>;
const each = <M extends string, T>(of: By<M, unknown>, make: (name: M) => T): By<M, T> =>
  Object.fromEntries((Object.keys(of) as M[]).map((name) => [name, make(name)])) as Record<M, T>;

/** Access to the pods of a control plane, Troupe's or Kubernetes'. */
export interface Pods {
  create(pod: ReturnType<typeof podOf>): Promise<unknown>;
  /** Calls `seen` for every write of a pod from now on. @returns a function that stops this */
  follow(seen: (name: string, pod: Pod) => void): Promise<() => void>;
}

/** Troupe's pods; their writes are seen as the broker republishes them. */
export const podsOf = (client: Client): Pods => ({
  create: (pod) => client.create('pods', NAMESPACE, pod),
  follow: async (seen) => {
    const subject = SUBJECTS.changes.pattern(client.prefix, { resource: 'pods', namespace: NAMESPACE });
    const subscription = client.connection.subscribe(subject, {
      callback: guarded((_error, msg) => {
        if (msg.data.length > 0) seen(untoken(msg.subject.split('.').at(-1) ?? '') ?? '', decode(msg.data) as Pod);
      }, console.error),
    });
    await client.connection.flush();
    return () => subscription.unsubscribe();
  },
});

/**
 * Creates pods, `creators` in parallel, and waits until each has reached every milestone.
 * @returns for each milestone, milliseconds from the first create until the last pod was seen there
 */
export async function createPods<M extends string>(
  pods: Pods,
  { count, prefix, creators }: { readonly count: number; readonly prefix: string; readonly creators: number },
  milestones: By<M, Milestone>,
): Promise<By<M, number>> {
  const waiting = each(milestones, () => new Set(Array.from({ length: count }, (_, n) => `${prefix}-${n}`)));
  const took: Record<string, number> = {};
  let began = 0;
  const stop = await pods.follow((name, pod) => {
    for (const milestone in milestones) {
      const left = waiting[milestone];
      if (!milestones[milestone](pod) || !left.delete(name) || left.size > 0) continue;
      took[milestone] = performance.now() - began;
    }
  });
  began = performance.now();
  await inFlight(creators, count, (n) => pods.create(podOf(`${prefix}-${n}`)));
  const names = Object.keys(milestones);
  await until(`${count} pods are ${names.join(' and ')}`, 120_000, () => names.every((name) => name in took));
  stop();
  return took as By<M, number>;
}

export interface Paced<M extends string> {
  /** When the create of each pod was sent, by `performance.now()`. */
  readonly asked: ReadonlyMap<string, number>;
  /** For each milestone, milliseconds from each pod's create until it was seen there. */
  readonly tookMs: By<M, readonly number[]>;
}

/** Creates pods at a fixed rate, and waits until each has reached every milestone. */
export async function createPaced<M extends string>(
  pods: Pods,
  { count, prefix, perSecond }: { readonly count: number; readonly prefix: string; readonly perSecond: number },
  milestones: By<M, Milestone>,
): Promise<Paced<M>> {
  const asked = new Map<string, number>();
  const seen = each(milestones, () => new Map<string, number>());
  const stop = await pods.follow((name, pod) => {
    const since = asked.get(name);
    if (since === undefined) return;
    for (const milestone in milestones) {
      const at = seen[milestone];
      if (milestones[milestone](pod) && !at.has(name)) at.set(name, performance.now() - since);
    }
  });
  await paced(perSecond, count, (n) => {
    asked.set(`${prefix}-${n}`, performance.now());
    return pods.create(podOf(`${prefix}-${n}`));
  });
  const maps: readonly Map<string, number>[] = Object.values(seen);
  const names = Object.keys(milestones).join(' and ');
  await until(`${count} pods at ${perSecond}/s are ${names}`, 60_000, () => maps.every(({ size }) => size === count));
  stop();
  return { asked, tookMs: each(milestones, (name) => [...seen[name].values()]) };
}
