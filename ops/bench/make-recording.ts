import type { ActorDefinition } from '../../actors/kernel/declare.ts';
import { type RecordedTurn, saidThen } from '../../actors/kernel/journal/journal.ts';
import type { Incarnation } from '../../actors/kernel/journal/recorder.ts';
import { MemoryHistory } from '../../actors/kernel/replay.ts';
import { type Heard, TestWorld } from '../../actors/kernel/testing/test-world.ts';
import { outcomeOf } from '../../actors/kernel/turns/outcome.ts';
import type { Write } from '../../actors/kernel/view/cache.ts';
import { scheduler } from '../../actors/scheduler/scheduler.ts';
import type { KubeObject, Node, Pod } from '../../contracts/kinds/kinds.ts';
import { keyOfObject, storeKey } from '../../contracts/store/keys.ts';
import type { Playable } from '../replay/read/playable.ts';

const SEED = [7, 8, 9, 10];

/** An actor in a test world without a broker; keeps every turn and every write as a recording does. */
export class RecordingWorld {
  readonly world: TestWorld;
  readonly turns: RecordedTurn[] = [];
  readonly #writes: Write[] = [];

  constructor(definition: ActorDefinition) {
    this.world = new TestWorld(definition, { seed: SEED });
    const run = this.world.core.run.bind(this.world.core);
    this.world.core.run = (...args) => {
      const done = run(...args);
      const { n, now, view, rec } = done.turn;
      this.turns.push({ n, now, view, rec, said: outcomeOf(done).map(saidThen) });
      return done;
    };
  }

  put(resource: string, object: KubeObject): void {
    const key = keyOfObject(resource, object);
    this.#writes.push({ key, revision: this.world.put(resource, object), object });
  }
  remove(resource: string, namespace: string, name: string): void {
    this.#writes.push({
      key: storeKey(resource, namespace, name),
      revision: this.world.remove(resource, namespace, name),
    });
  }

  /** The recording so far. */
  playable(): Playable {
    const incarnation: Incarnation = {
      self: this.world.core.self,
      incarnation: this.turns[0]?.now ?? 0,
      config: this.world.core.definition.config,
      seed: SEED,
      window: 0,
      node: process.versions.node,
      icu: process.versions['icu'] ?? '',
      build: '',
      driver: false,
    };
    return { incarnation, turns: this.turns, history: new MemoryHistory(this.#writes) };
  }
}

export interface SchedulingOptions {
  readonly nodes: number;
  readonly pods: number;
  /** Pods created at once. */
  readonly batch?: number;
  /** Milliseconds between two batches. */
  readonly everyMs?: number;
  /** Turns between two checkpoints. */
  readonly checkpointTurns?: number;
}

export const nodeNamed = (name: string, cpu = '4'): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  status: { allocatable: { cpu, memory: '16Gi', pods: '110' } },
});

export const podNamed = (name: string, cpu = '100m'): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: `${name}-uid` },
  spec: { containers: [{ name: 'main', image: 'any:1', resources: { requests: { cpu, memory: '64Mi' } } }] },
});

/** Records a scheduler: pods are created in batches and bound; the oldest are deleted when the nodes are half full. */
export function recordScheduling(options: SchedulingOptions): Playable {
  const { nodes, pods, batch = 8, everyMs = 20, checkpointTurns = 4_096 } = options;
  const recording = new RecordingWorld(scheduler);
  const { world } = recording;
  for (let at = 0; at < nodes; at++) recording.put('nodes', nodeNamed(`node-${at}`));
  world.start();
  const alive: string[] = [];
  let checkpointed = 0;
  const bound = (heard: Heard): void => {
    const name = heard.subject.split('.').at(-1) ?? '';
    const pod = podNamed(name);
    const { target } = heard.body as { target: { name: string } };
    recording.put('pods', { ...pod, spec: { containers: [], ...pod.spec, nodeName: target.name } } as Pod);
    world.answer(heard, {});
    alive.push(name);
  };
  for (let made = 0; made < pods; ) {
    for (let at = 0; at < batch && made < pods; at++, made++) recording.put('pods', podNamed(`web-${made}`));
    world.settle();
    for (let asked = world.said('bind'); asked.length > 0; asked = world.said('bind')) asked.forEach(bound);
    while (alive.length > nodes * 18) recording.remove('pods', 'default', alive.shift() ?? '');
    world.advance(everyMs);
    if (world.turns.length - checkpointed >= checkpointTurns && world.core.openAsks === 0) {
      world.crash();
      checkpointed = world.turns.length;
    }
  }
  world.settle();
  return recording.playable();
}
