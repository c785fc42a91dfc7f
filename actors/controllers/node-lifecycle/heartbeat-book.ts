import { own } from '../../../contracts/json-values.ts';
import { HEARTBEAT_MESSAGE_MAX, type NodeHeartbeat } from '../../../contracts/messages/node.ts';
import { printable } from '../../../contracts/printable.ts';
import type { Call, Millis, World } from '../../kernel/contract.ts';
import { nameOf } from '../shared/owner.ts';
import type { Health } from './plan-node-health.ts';

/** When a node was heard of last, whether its runtime answered (null = never heard, only seen in the store), and why not. */
type Beat = { readonly at: Millis; readonly runtimeReady: boolean | null; readonly why?: string };
type Beats = { readonly [node: string]: Beat };

/** The heartbeat in a message; none when it can't be read, or speaks of another node than its subject. */
export function heartbeatOf(call: Call<NodeHeartbeat, { readonly node: string }>): readonly NodeHeartbeat[] {
  try {
    const beat: Partial<NodeHeartbeat> | null = call.decode();
    const right = beat?.node === call.tokens?.node && typeof beat?.runtimeReady === 'boolean';
    return right ? [beat as NodeHeartbeat] : [];
  } catch {
    return [];
  }
}

function whyIn({ runtimeReady, message }: NodeHeartbeat): string | undefined {
  if (runtimeReady || typeof message !== 'string' || message === '') return undefined;
  return printable(message, HEARTBEAT_MESSAGE_MAX);
}

/**
 * Who of the nodes was heard of, and when; kept in cells. Whoever hears none of them is more likely deaf, and whoever was
 * stopped heard nothing: from the moment at which it hears again, every node has the whole grace period to be heard.
 * @param graceMs silence after which a node counts as unreachable
 * @param awayMs  whoever has not called `meet` or `hear` for so long was stopped meanwhile
 * @see kubernetes pkg/controller/nodelifecycle: handleDisruption, "When exiting disruption mode update probe timestamps"
 */
export function heartbeatBook(world: Pick<World<unknown>, 'cell' | 'now' | 'view'>, graceMs: number, awayMs: number) {
  const beats = world.cell<Beats>('beats', {});
  const listening = world.cell<{ readonly at: Millis }>('listening', { at: world.now() });
  const wasAway = (): boolean => world.now() - listening.get().at >= awayMs;
  /** @returns undefined while it may still be heard for the first time: then the node stays as it is */
  const healthOf = (name: string): Health | undefined => {
    const beat = own(beats.get(), name);
    if (beat === undefined || wasAway()) return undefined;
    if (world.now() - beat.at >= graceMs) return 'unknown';
    return beat.runtimeReady === null ? undefined : beat.runtimeReady ? 'ready' : 'not-ready';
  };
  /** Why its runtime does not answer, as its kubelet says it. */
  const whyOf = (name: string): string | undefined => own(beats.get(), name)?.why;
  /** A node that was never heard from gets the whole grace period, counted from when it was first seen. */
  const meet = (): void => {
    if (wasAway()) beats.set({});
    listening.set({ at: world.now() });
    const known = beats.get();
    const names = world.view.list('nodes').map(nameOf);
    if (names.length === Object.keys(known).length && names.every((name) => Object.hasOwn(known, name))) return;
    beats.set(
      Object.fromEntries(names.map((name) => [name, own(known, name) ?? { at: world.now(), runtimeReady: null }])),
    );
  };
  /** @returns nodes that are not as they were when last heard of */
  const hear = (heard: readonly NodeHeartbeat[]): readonly string[] => {
    meet();
    const names = Object.keys(beats.get());
    const wasDeaf = names.length > 0 && names.every((name) => healthOf(name) === 'unknown');
    if (wasDeaf && heard.some(({ node }) => names.includes(node))) {
      beats.set({});
      meet();
    }
    const known = beats.get();
    const fresh: Record<string, Beat> = { ...known };
    const turned = new Set<string>();
    for (const beat of heard) {
      const { node, runtimeReady } = beat;
      if (!Object.hasOwn(known, node)) continue;
      const why = whyIn(beat);
      if (healthOf(node) !== (runtimeReady ? 'ready' : 'not-ready') || whyOf(node) !== why) turned.add(node);
      fresh[node] = { at: world.now(), runtimeReady, ...(why === undefined ? {} : { why }) };
    }
    beats.set(fresh);
    return [...turned];
  };
  return { healthOf, whyOf, meet, hear };
}
