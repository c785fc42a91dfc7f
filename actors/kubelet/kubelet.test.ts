import { describe, expect, it } from 'vitest';
import { failure, StatusError } from '../../contracts/errors/status.ts';
import type { Container, Event, NodeStatus, Pod, PodStatus } from '../../contracts/kinds/kinds.ts';
import { summarizePod } from '../../contracts/kinds/pod/columns.ts';
import { dispatchDigest } from '../../contracts/messages/dispatch-digest.ts';
import type { DispatchQuery, NodeHeartbeat } from '../../contracts/messages/node.ts';
import { runtimeError } from '../../contracts/runtime/errors.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { ModelRuntime } from '../../test/support/model-runtime.ts';
import { type RecordedTurn, saidThen } from '../kernel/journal/journal.ts';
import { MemoryHistory, replay } from '../kernel/replay.ts';
import { type Heard, TestWorld } from '../kernel/testing/test-world.ts';
import { type KubeletOptions, kubelet } from './kubelet.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const RUNTIME = {
  runtime: 'docker',
  version: '20.10',
  operatingSystem: 'linux',
  osImage: 'Debian',
  kernelVersion: '6',
};
const INFO = { ...RUNTIME, architecture: 'amd64', cpuMillis: 2000, memoryBytes: 4 * 2 ** 30 };

const OPTIONS = { node: 'a', ip: '192.168.0.1', version: 'v1.36.0', bootId: 'this-boot' };

const podOf = (uid: string, more: Partial<NonNullable<Pod['spec']>> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { uid, namespace: 'default', name: `pod-${uid}`, resourceVersion: '1' },
  spec: { nodeName: 'a', containers: [{ name: 'web', image: 'web:1' }], ...more },
});

/** A kubelet in the test world, with a model of a runtime, and a store and dispatcher as small as can be. */
class Node {
  readonly runtime = new ModelRuntime(['web:1']);
  readonly world: TestWorld;
  readonly pods = new Map<string, Pod>();
  /** Everything said, oldest first, without heartbeats. */
  readonly log: Heard[] = [];
  readonly #beats: NodeHeartbeat[] = [];
  /** Ops that nobody answers. */
  readonly silent = new Set<string>();
  /** Ops that the engine refuses without a reason that Kubernetes has a word for. */
  readonly refusing = new Set<string>();
  /** Images that were built anew: name -> id. */
  readonly rebuilt = new Map<string, string>();
  down = false;
  /** No dispatcher leads. */
  unled = false;
  /** Somebody deleted the Node, and the kubelet was not told. */
  nodeGone = false;
  /** Of the dispatcher. */
  epoch = 1;
  begunAt = NOW;
  #version = 10;
  #counter = 0;

  constructor(options: KubeletOptions = OPTIONS) {
    this.runtime.now = NOW;
    this.world = new TestWorld(kubelet(options), { now: NOW });
  }
  start(): this {
    this.world.start();
    return this.answerAll();
  }
  give(pod: Pod): this {
    this.pods.set(pod.metadata?.uid ?? '', {
      ...pod,
      metadata: { ...pod.metadata, resourceVersion: String(++this.#version) },
    });
    return this;
  }
  /** The dispatcher tells of a pod. */
  tell(uid: string, skip = 0): this {
    const pod = this.pods.get(uid);
    this.#counter += 1 + skip;
    this.world.call(
      SUBJECTS.nodePods,
      { node: 'a' },
      {
        epoch: this.epoch,
        begunAt: this.begunAt,
        counter: this.#counter,
        changed: pod === undefined ? [] : [{ pod }],
        removed: pod === undefined ? [{ uid, namespace: 'default', name: `pod-${uid}` }] : [],
      },
    );
    return this.answerAll();
  }
  hint(): this {
    this.world.call(SUBJECTS.runtimeEvents, { node: 'a' }, { node: 'a' });
    return this.answerAll().pass(1000);
  }
  pass(ms: number): this {
    for (let left = ms; left > 0; left -= 500) {
      this.runtime.now += Math.min(500, left);
      this.world.advance(Math.min(500, left));
      this.answerAll();
    }
    return this;
  }
  answerAll(): this {
    for (let rounds = 0; rounds < 1000; rounds++) {
      const said = this.world.said();
      this.#beats.push(...said.filter(({ say }) => say === 'heartbeat').map(({ body }) => body as NodeHeartbeat));
      const asks = said.filter(({ say }) => say !== 'heartbeat');
      if (asks.length === 0) return this;
      this.log.push(...asks);
      for (const ask of asks) if (ask.timeoutMs !== undefined && this.world.core.isAskOpen(ask.id)) this.#answer(ask);
    }
    throw new Error('the kubelet never comes to rest');
  }
  status(uid: string): PodStatus | undefined {
    return this.pods.get(uid)?.status;
  }
  says(say: string): readonly Heard[] {
    return this.log.filter((each) => each.say === say);
  }
  /** Heartbeats, oldest first. */
  beats(): readonly NodeHeartbeat[] {
    return this.#beats;
  }
  events(): readonly string[] {
    return this.says('createEvent').map(({ body }) => `${(body as Event).reason}: ${(body as Event).message}`);
  }

  #answer(ask: Heard): void {
    if (this.silent.has(ask.say)) return;
    if (this.refusing.has(ask.say))
      return void this.world.answer(ask, failure('InternalError', 'the engine says "permission denied"'));
    try {
      this.world.answer(ask, this.#answerOf(ask));
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      this.world.answer(ask, error.status);
    }
  }
  #answerOf({ say, body, subject }: Heard): unknown {
    const uid = [...this.pods.keys()].find((each) => subject.endsWith(`.pod-${each}`)) ?? '';
    const pod = this.pods.get(uid);
    switch (say) {
      case 'info':
        return this.down ? failure('ServiceUnavailable', 'no engine') : INFO;
      case 'dispatch': {
        if (this.unled) return failure('ServiceUnavailable', 'no dispatcher is listening');
        const pods = [...this.pods.values()].map((each) => ({ pod: each }));
        const digest = dispatchDigest(pods);
        const same = (body as DispatchQuery).digest === digest;
        const { epoch, begunAt } = this;
        return { epoch, begunAt, counter: this.#counter, digest, ...(same ? {} : { pods }) };
      }
      case 'createNode':
        this.nodeGone = false;
        return body;
      case 'patchNodeStatus':
        return this.nodeGone ? failure('NotFound', 'nodes "a" not found') : body;
      case 'patchPodStatus': {
        if (pod === undefined) return failure('NotFound', 'no such pod');
        const status = { ...pod.status, ...(body as Pod).status };
        this.give({ ...pod, status });
        return this.pods.get(uid);
      }
      case 'deletePod':
        this.pods.delete(uid);
        return {};
      case 'imageStatus': {
        const { image } = body as { readonly image: string };
        if (image !== image.toLowerCase()) throw runtimeError('Invalid', 'InvalidImageName', `look for image ${image}`);
        const imageId = this.rebuilt.get(image);
        return imageId === undefined ? this.runtime.do(say, body as never) : { image: { imageId, image } };
      }
      case 'logs':
        return { lines: [{ stream: 'stdout', time: '', text: JSON.stringify(body) }] };
      default:
        return this.down ? failure('ServiceUnavailable', 'no engine') : this.runtime.do(say, body as never);
    }
  }
}

describe('kubelet', () => {
  it('makes its node known, then takes the whole list', () => {
    const node = new Node().give(podOf('u')).start();
    expect(node.says('createNode')[0]?.body).toMatchObject({
      metadata: {
        name: 'a',
        labels: { 'kubernetes.io/hostname': 'a', 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' },
      },
      status: { capacity: { cpu: '2', memory: '4194304Ki', pods: '110' } },
    });
    expect(node.runtime.running()).toEqual(['web/0']);
    expect(node.status('u')).toMatchObject({ phase: 'Running', podIP: '10.0.0.7', hostIP: '192.168.0.1' });
    expect(node.events()).toEqual([
      'Pulled: Container image "web:1" already present on machine',
      'Created: Created container: web',
      'Started: Started container web',
    ]);
  });

  it('runs a pod that it is told of, and says nothing more once it runs', () => {
    const node = new Node().start().give(podOf('u')).tell('u');
    expect(node.status('u')?.phase).toBe('Running');
    node.tell('u').pass(2000);
    const before = node.log.length;
    node.tell('u').hint();
    expect(node.log.slice(before).map(({ say }) => say)).toEqual(['list', 'list']);
  });

  it('asks for the whole list when the count has a gap', () => {
    const node = new Node().start().give(podOf('u')).give(podOf('v'));
    node.tell('u', 3);
    expect(node.runtime.running()).toHaveLength(2);
  });

  it('restarts a killed container after a hint, and writes that', () => {
    const node = new Node().give(podOf('u')).start();
    node.runtime.exit('u-web-0', 137);
    node.hint();
    expect(node.runtime.running()).toEqual(['web/1']);
    expect(node.status('u')?.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 137 } },
    });
  });

  it('is not fooled by a hint that comes before the change shows', () => {
    const node = new Node().give(podOf('u')).start().pass(60_000);
    node.world.call(SUBJECTS.runtimeEvents, { node: 'a' }, { node: 'a' });
    node.answerAll().runtime.exit('u-web-0', 137);
    node.pass(500);
    expect(node.runtime.running()).toEqual(['web/1']);
  });

  it('backs off a container that keeps ending, and wakes by itself', () => {
    const node = new Node().give(podOf('u')).start();
    node.runtime.exit('u-web-0', 1);
    node.hint().runtime.exit('u-web-1', 1);
    node.hint();
    expect(node.status('u')?.containerStatuses?.[0]?.state?.waiting?.reason).toBe('CrashLoopBackOff');
    expect(node.events().at(-1)).toBe('BackOff: Back-off restarting failed container web in pod pod-u_default(u)');
    node.pass(11_000);
    expect(node.runtime.running()).toEqual(['web/2']);
  });

  it('shows a bad image and recovers when it is corrected', () => {
    const bad = podOf('u', { containers: [{ name: 'web', image: 'bad:1' }] });
    const node = new Node().give(bad).start();
    expect(node.status('u')?.containerStatuses?.[0]?.state?.waiting?.reason).toBe('ErrImagePull');
    node.pass(2000);
    expect(node.status('u')?.containerStatuses?.[0]?.state?.waiting?.reason).toBe('ImagePullBackOff');
    expect(node.events()).toContain('Failed: Failed to pull image "bad:1": pull bad:1: not found');
    const pulls = node.says('pullImage').length;
    node.give({ ...node.pods.get('u'), spec: podOf('u').spec as NonNullable<Pod['spec']> }).tell('u');
    expect(node.status('u')?.phase).toBe('Running');
    // It is on the node: a registry that can't be reached must not matter.
    expect(node.says('pullImage')).toHaveLength(pulls);
  });

  it('runs the image that a pod names now, not the one that was pulled for it meanwhile', () => {
    const node = new Node();
    node.runtime.images.add('huge:1');
    const web: Container = { name: 'web', image: 'web:1', imagePullPolicy: 'Always' };
    const waits: Container = { ...web, image: 'huge:1', envFrom: [{ configMapRef: { name: 'late' } }] };
    node.give(podOf('u', { containers: [waits] })).start();
    expect(node.status('u')?.containerStatuses?.[0]?.state?.waiting?.reason).toBe('CreateContainerConfigError');
    node.give({ ...node.pods.get('u'), spec: { nodeName: 'a', containers: [web] } }).tell('u');
    expect(node.runtime.containers.map(({ imageId }) => imageId)).toEqual(['sha256:web:1']);
  });

  it('runs what an image name stands for now', () => {
    const node = new Node().give(podOf('u')).start().pass(2000);
    node.rebuilt.set('web:1', 'sha256:built-anew');
    node.give(podOf('v')).tell('v');
    expect(node.runtime.containers.map(({ imageId }) => imageId)).toEqual(['sha256:web:1', 'sha256:built-anew']);
  });

  it('says of a name that is none what is wrong with it, and recovers when it is corrected', () => {
    const bad = podOf('u', { containers: [{ name: 'web', image: 'WEB:1' }] });
    const node = new Node().give(bad).start().pass(8000);
    expect(node.status('u')?.containerStatuses?.[0]?.state?.waiting).toMatchObject({ reason: 'InvalidImageName' });
    expect(node.says('imageStatus')).toHaveLength(1);
    expect(node.events().at(-1)).toBe('Failed: Error: InvalidImageName');
    node.give({ ...node.pods.get('u'), spec: podOf('u').spec as NonNullable<Pod['spec']> }).tell('u');
    expect(node.status('u')?.phase).toBe('Running');
  });

  it('stops a deleted pod with its grace, lets it go, and cleans up', () => {
    const node = new Node().give(podOf('u')).start();
    const pod = node.pods.get('u');
    const deletionTimestamp = '2026-01-01T00:00:05Z';
    node
      .give({ ...pod, metadata: { ...pod?.metadata, deletionTimestamp, deletionGracePeriodSeconds: 5 } })
      .tell('u')
      .pass(1000);
    expect(node.says('stopContainer')[0]).toMatchObject({ body: { graceMs: 5000 }, timeoutMs: 35_000 });
    expect(node.says('deletePod').map(({ body }) => body)).toEqual([
      { gracePeriodSeconds: 0, preconditions: { uid: 'u' } },
    ]);
    node.tell('u');
    expect([node.runtime.containers, node.runtime.sandboxes]).toEqual([[], []]);
    expect(Object.keys(node.world.cells()).filter((name) => name.includes('/'))).toEqual([]);
  });

  it('hurries a stop that is under way when its grace gets shorter, and when the pod is forced out', () => {
    const node = new Node().give(podOf('u', { terminationGracePeriodSeconds: 600 })).start();
    node.silent.add('stopContainer');
    const pod = node.pods.get('u');
    const deleted = (seconds: number) => {
      const metadata = { ...pod?.metadata, deletionTimestamp: 'soon', deletionGracePeriodSeconds: seconds };
      node.give({ ...pod, metadata }).tell('u');
    };
    for (const seconds of [600, 600, 5, 30]) deleted(seconds);
    node.pods.delete('u');
    node.tell('u');
    const stops = node.says('stopContainer');
    expect(stops.map(({ body }) => (body as { graceMs: number }).graceMs)).toEqual([600_000, 5000, 2000]);
    expect(node.says('stopPodSandbox')).toEqual([]);
    node.silent.clear();
    const last = stops.at(-1) as Heard;
    node.world.answer(last, node.runtime.exit('u-web-0', 137));
    node.answerAll().pass(1000);
    expect([node.runtime.containers, node.runtime.sandboxes]).toEqual([[], []]);
  });

  it('asks ever more seldom for what the engine keeps refusing, and goes on when it does not', () => {
    const node = new Node().give(podOf('u')).start().pass(2000);
    node.refusing.add('stopContainer');
    const pod = node.pods.get('u');
    node.give({ ...pod, metadata: { ...pod?.metadata, deletionTimestamp: 'soon', deletionGracePeriodSeconds: 5 } });
    node.tell('u').pass(60_000);
    const asked = node.says('stopContainer').length;
    expect(asked).toBeGreaterThan(10);
    expect(asked).toBeLessThan(20);
    expect(node.world.reports[0]).toMatchObject({ key: 'u', about: 'pod default/pod-u' });
    node.refusing.clear();
    node.pass(6000);
    expect(node.says('deletePod')).toHaveLength(1);
  });

  it('warns of a dispatcher that is missed for long, not of one that is not there yet', () => {
    const node = new Node();
    node.unled = true;
    const warnings = () => node.world.reports.filter(({ passing }) => passing !== true);
    node.start().pass(5000);
    expect([node.says('dispatch').length > 1, warnings()]).toEqual([true, []]);
    node.pass(10_000);
    expect(warnings()[0]).toMatchObject({ key: 'dispatch' });
  });

  it('names the pod whose status is refused', () => {
    const node = new Node().give(podOf('u'));
    node.refusing.add('patchPodStatus');
    node.start().pass(2000);
    expect(node.world.reports[0]).toMatchObject({ key: 'u', about: 'pod default/pod-u' });
  });

  it('lets a deleted pod go while its image is still being pulled', () => {
    const node = new Node().start();
    node.silent.add('pullImage');
    node.give(podOf('u', { containers: [{ name: 'web', image: 'huge:1' }] })).tell('u');
    expect(node.says('pullImage')).toHaveLength(1);
    const pod = node.pods.get('u');
    const metadata = { ...pod?.metadata, deletionTimestamp: 'soon', deletionGracePeriodSeconds: 5 };
    node
      .give({ ...pod, metadata })
      .tell('u')
      .pass(1000);
    expect(node.says('deletePod')).toHaveLength(1);
    node.tell('u');
    expect([node.runtime.containers, node.runtime.sandboxes]).toEqual([[], []]);
    // The next one that wants it asks anew.
    node.silent.clear();
    node.runtime.images.add('huge:1');
    node.give(podOf('v', { containers: [{ name: 'web', image: 'huge:1', imagePullPolicy: 'Always' }] })).tell('v');
    expect(node.status('v')?.phase).toBe('Running');
  });

  it('adopts what runs after its own death, and touches nothing', () => {
    const first = new Node().give(podOf('u')).start();
    const second = new Node();
    second.runtime.sandboxes = first.runtime.sandboxes;
    second.runtime.containers = first.runtime.containers;
    second.give(first.pods.get('u') ?? {}).start();
    const asked = second.log.map(({ say }) => say);
    expect(asked.filter((say) => !['info', 'list', 'dispatch', 'createNode'].includes(say))).toEqual([]);
  });

  it('removes what belongs to no pod, but not before the whole list is there', () => {
    const first = new Node().give(podOf('u')).start();
    const second = new Node();
    second.runtime.sandboxes = first.runtime.sandboxes;
    second.runtime.containers = first.runtime.containers;
    second.silent.add('dispatch');
    second.start().pass(4000);
    expect(second.runtime.running()).toEqual(['web/0']);
    second.silent.clear();
    second.world.answer(second.says('dispatch')[0] ?? '', 'timeout');
    second.pass(5000);
    expect([second.runtime.containers, second.runtime.sandboxes]).toEqual([[], []]);
  });

  it('goes on after a rehearsed crash', () => {
    const node = new Node().give(podOf('u')).start();
    node.runtime.exit('u-web-0', 1);
    node.hint().runtime.exit('u-web-1', 1);
    node.hint();
    node.world.crash();
    node.answerAll().pass(12_000);
    expect(node.runtime.running()).toEqual(['web/2']);
    expect(new Set(node.runtime.started).size).toBe(node.runtime.started.length);
  });

  it('takes checkpoints while a pull and a stop are under way, and repeats neither request nor event', () => {
    const node = new Node();
    node.silent.add('pullImage').add('stopContainer');
    node.give(podOf('u')).start();
    const leaving = node.pods.get('u');
    const deletionTimestamp = '2026-01-01T01:00:00Z';
    node
      .give({ ...leaving, metadata: { ...leaving?.metadata, deletionTimestamp, deletionGracePeriodSeconds: 3600 } })
      .tell('u');
    node
      .give(podOf('v', { containers: [{ name: 'web', image: 'large:1' }] }))
      .tell('v')
      .pass(5_000);
    const events = (): readonly string[] =>
      node.log.filter(({ body }) => (body as Event)?.kind === 'Event').map(({ body }) => (body as Event).reason ?? '');
    const before = events();
    expect(before).toEqual(expect.arrayContaining(['Pulling', 'Killing']));
    // The first one makes the kubelet list the sandboxes, which it otherwise does only every 45 s.
    node.world.crash();
    const statuses = JSON.stringify([node.answerAll().pass(60_000).status('u'), node.status('v')]);
    for (let minutes = 0; minutes < 10; minutes++) {
      node.world.crash();
      node.answerAll().pass(60_000);
    }
    expect([node.says('pullImage').length, node.says('stopContainer').length]).toEqual([1, 1]);
    expect(events()).toEqual(before);
    expect(JSON.stringify([node.status('u'), node.status('v')])).toBe(statuses);
    const [pull] = node.says('pullImage');
    node.runtime.images.add('large:1');
    node.world.answer(pull?.id ?? '', { id: 'sha256:large', pulled: true, sizeBytes: 1 });
    node.answerAll().pass(2_000);
    expect(node.runtime.running()).toContain('web/0');
    expect(events()).toContain('Pulled');
  });

  it('ends in the middle of its work without another word', () => {
    const node = new Node().start();
    node.silent.add('runPodSandbox');
    for (let at = 0; at < 40; at++) node.give(podOf(`u${at}`)).tell(`u${at}`);
    expect(node.says('runPodSandbox')).toHaveLength(16);
    node.world.core.stop();
    expect(node.world.violations).toEqual([]);
  });

  it('plays back identically, over a rehearsed crash and with several pods at work', () => {
    const node = new Node();
    const turns: RecordedTurn[] = [];
    const { core } = node.world;
    const run = core.run.bind(core);
    core.run = (...args) => {
      const done = run(...args);
      const { n, now, view, rec } = done.turn;
      turns.push({ n, now, view, rec, said: done.out.map(saidThen) });
      return done;
    };
    node.give(podOf('u')).give(podOf('v')).start();
    node.runtime.exit('u-web-0', 1);
    node.hint().give(podOf('w')).tell('w', 2).pass(3000);
    node.world.crash();
    node.answerAll().pass(90_000).hint();
    node.pods.delete('v');
    node.tell('v').pass(2000);
    const about = { incarnation: 1, config: null, window: 0, node: '', icu: '', build: '', driver: false };
    const incarnation = { ...about, self: core.self, seed: [1, 2, 3, 4] };
    const again = kubelet(OPTIONS);
    expect(replay(again, incarnation, turns, new MemoryHistory([]))).toEqual({
      turns: turns.length,
      skipped: 0,
      skips: [],
    });
  });

  it('lists again when nobody answered, and creates nothing twice', () => {
    const node = new Node().start();
    node.silent.add('createContainer');
    node.give(podOf('u')).tell('u');
    const lost = node.says('createContainer')[0];
    node.runtime.do('createContainer', lost?.body as never);
    node.silent.clear();
    node.world.answer(lost ?? '', 'timeout');
    node.answerAll().pass(2000);
    expect(node.says('createContainer')).toHaveLength(1);
    expect(node.runtime.started).toEqual(['u/web/0']);
  });

  it('calls the node not ready until its runtime has answered once, and says what it lacks', () => {
    const node = new Node().give(podOf('u'));
    node.down = true;
    node.start();
    expect(node.beats()).toEqual([]); // an answer may come within milliseconds
    node.pass(8000);
    const said = [...new Set(node.beats().map(({ runtimeReady, message }) => `${runtimeReady}: ${message}`))];
    expect(said).toEqual([
      'false: container runtime has not answered yet: no engine',
      'false: container runtime is down: no engine',
    ]);
    expect(node.beats()).toHaveLength(6);
    node.world.crash();
    node.answerAll().pass(1000);
    expect(node.beats().at(-1)).toMatchObject({ runtimeReady: false, message: 'container runtime is down: no engine' });
    expect(node.says('createNode')).toEqual([]);
    node.down = false;
    node.pass(31_000);
    expect(node.beats().at(-1)).toMatchObject({ runtimeReady: true });
    expect(JSON.stringify((node.says('patchNodeStatus').at(-1) ?? node.says('createNode').at(-1))?.body)).toContain(
      'KubeletReady',
    );
    expect(node.runtime.running()).toEqual(['web/0']);
  });

  it.each([
    { first: 'list', other: 'info' },
    { first: 'info', other: 'list' },
  ])('calls the node ready when $first is answered, at once and before $other is', ({ first, other }) => {
    const node = new Node();
    for (const op of [first, other]) node.silent.add(op);
    node.start().pass(2000);
    expect(node.beats()).toEqual([]); // it may be slow
    node.pass(1000);
    expect(node.beats()).toMatchObject([{ runtimeReady: false, message: 'container runtime has not answered yet' }]);
    node.silent.delete(first);
    node.world.answer(node.says(first)[0] as Heard, first === 'info' ? INFO : { sandboxes: [], containers: [] });
    node.answerAll();
    expect(node.beats()).toHaveLength(2);
    expect(node.beats().at(-1)).toMatchObject({ runtimeReady: true });
  });

  it('writes the Node once at a start in which all answer, and beats from then on', () => {
    const node = new Node().start();
    expect(node.beats()).toMatchObject([{ runtimeReady: true }]);
    expect(JSON.stringify(node.says('createNode').map(({ body }) => body))).toContain('KubeletReady');
    expect([node.says('createNode').length, node.says('patchNodeStatus').length]).toEqual([1, 0]);
    node.world.crash();
    node.answerAll();
    expect(node.beats().map(({ runtimeReady }) => runtimeReady)).toEqual([true, true]);
  });

  it('moves no lastTransitionTime and writes no Node early because of a checkpoint', () => {
    const node = new Node().start().pass(200_000);
    node.world.crash();
    node.answerAll().pass(99_000);
    expect([node.says('createNode').length, node.says('patchNodeStatus').length]).toEqual([1, 0]);
    node.pass(2_000);
    const transitions = (say: string) =>
      node.says(say).map(({ body }) => {
        const { conditions } = (body as { status: NodeStatus }).status;
        return conditions?.map(({ lastTransitionTime }) => lastTransitionTime);
      });
    expect(transitions('patchNodeStatus')).toEqual(transitions('createNode'));
  });

  it('makes a sandbox anew that is gone, and says so', () => {
    const node = new Node().give(podOf('u')).start();
    for (const { id } of node.runtime.sandboxes) node.runtime.sandboxDies(id);
    node.hint().pass(11_000);
    expect(node.events()).toContain('SandboxChanged: Pod sandbox changed, it will be killed and re-created.');
    expect(node.runtime.started).toEqual(['u/web/0', 'u/web/1']);
  });

  it('calls the node not ready while its runtime is down', () => {
    const node = new Node().give(podOf('u')).start();
    node.down = true;
    node.hint().pass(10_000);
    const ready = () => JSON.stringify(node.says('patchNodeStatus').at(-1)?.body);
    expect(ready()).toContain('KubeletNotReady');
    expect(ready()).toContain('container runtime is down: no engine');
    expect(node.events().filter((event) => event.startsWith('Node'))).toEqual([
      'NodeNotReady: Node a status is now: NodeNotReady: container runtime is down: no engine',
    ]);
    expect(node.beats().at(-1)).toMatchObject({ runtimeReady: false, message: 'container runtime is down: no engine' });
    node.down = false;
    node.pass(31_000);
    expect(ready()).toContain('KubeletReady');
    expect(node.beats().at(-1)).not.toHaveProperty('message');
    expect(node.runtime.running()).toEqual(['web/0']);
  });

  it('corrects a readiness that somebody else wrote', () => {
    const node = new Node().start();
    const before = node.says('patchNodeStatus').length;
    const silent = { metadata: { name: 'a' }, status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } };
    node.world.callSubject('troupe.changes.nodes._.a', silent);
    node.answerAll().pass(11_000);
    expect(node.says('patchNodeStatus').length).toBe(before + 1);
  });

  it('tells of each container by itself, of init containers too', () => {
    const node = new Node()
      .give(
        podOf('u', {
          initContainers: [{ name: 'setup', image: 'web:1' }],
          containers: [
            { name: 'a', image: 'web:1' },
            { name: 'b', image: 'web:1' },
          ],
        }),
      )
      .start();
    node.runtime.exit('u-setup-0', 0);
    node.hint().pass(2_000);
    const pulled = node.says('createEvent').filter(({ body }) => (body as Event).reason === 'Pulled');
    const parts = pulled.map(({ body }) => (body as Event).involvedObject.fieldPath);
    expect(parts).toEqual(['spec.initContainers{setup}', 'spec.containers{a}', 'spec.containers{b}']);
    expect(new Set(pulled.map(({ body }) => (body as Event).metadata.name)).size).toBe(3);
  });

  it('makes its Node again when somebody deleted it', () => {
    const node = new Node().start();
    expect(node.says('createNode')).toHaveLength(1);
    node.world.callSubject('troupe.changes.nodes._.a');
    node.answerAll().pass(9_000);
    expect(node.says('createNode')).toHaveLength(1);
    node.pass(2_000);
    expect(node.says('createNode')).toHaveLength(2);
  });

  it.each([
    { why: 'succeeded', exitCode: 0, reason: 'Completed', phase: 'Succeeded' },
    { why: 'failed', exitCode: 1, reason: 'Error', phase: 'Failed' },
  ])('shows that the main container $why while its sidecar is still being stopped', ({ exitCode, reason, phase }) => {
    const sidecar: Container = { name: 'proxy', image: 'web:1', restartPolicy: 'Always' };
    const spec = { ...podOf('u').spec, initContainers: [sidecar], restartPolicy: 'Never' };
    const node = new Node().give(podOf('u', spec)).start();
    expect(summarizePod(node.pods.get('u') ?? {})).toMatchObject({ status: 'Running', ready: 2, total: 2 });
    node.silent.add('stopContainer');
    node.runtime.exit('u-web-0', exitCode);
    node.hint();
    expect(node.says('stopContainer')).toHaveLength(1);
    expect(node.status('u')).toMatchObject({
      phase: 'Running',
      containerStatuses: [{ name: 'web', ready: false, state: { terminated: { exitCode } } }],
      initContainerStatuses: [{ name: 'proxy', ready: true, state: { running: {} } }],
    });
    expect(summarizePod(node.pods.get('u') ?? {})).toMatchObject({ status: reason, ready: 1, total: 2 });
    node.silent.clear();
    const [stop] = node.says('stopContainer');
    node.runtime.exit('u-proxy-0', 143);
    if (stop !== undefined) node.world.answer(stop, {});
    node.answerAll().pass(1000);
    expect(node.status('u')?.phase).toBe(phase);
    expect(summarizePod(node.pods.get('u') ?? {})).toMatchObject({ status: reason, ready: 0, total: 2 });
  });

  it('tells once that another machine has its name, each time that one takes its Node', () => {
    const node = new Node().start();
    const written = node.says('createNode')[0]?.body as { status: NodeStatus };
    const writtenBy = (bootID: string) => {
      const status = { ...written.status, nodeInfo: { ...written.status.nodeInfo, bootID } };
      node.world.callSubject('troupe.changes.nodes._.a', { ...written, status });
      node.answerAll();
    };
    writtenBy('this-boot');
    expect(node.world.reports).toEqual([]);
    for (const bootID of ['other-boot', 'other-boot', 'this-boot', 'other-boot']) writtenBy(bootID);
    expect(node.events()).toEqual(
      Array(2).fill(expect.stringMatching(/^NodeNameConflict: .* node name a too.* --node /)),
    );
    expect(node.world.reports.map(({ error }) => String(error))).toEqual(
      Array(2).fill(expect.stringContaining('a worker on another machine uses the node name a too')),
    );
  });

  it.each([
    {
      why: 'its connection was away',
      happens: (node: Node) => node.world.call(SUBJECTS.reconnected, { instance: 'a' }, {}),
    },
    { why: 'another dispatcher speaks', happens: (node: Node) => void node.tell('u') },
    { why: 'another dispatcher answers', happens: (node: Node) => void node.pass(80_000) },
    {
      why: 'one answers that began later under the same epoch',
      epoch: 1,
      happens: (node: Node) => void node.tell('u'),
    },
  ])('makes its Node again when nobody told it that it is gone, but $why', ({ happens, epoch = 2 }) => {
    const node = new Node().start().pass(1000);
    node.nodeGone = true;
    node.epoch = epoch;
    node.begunAt += 1000;
    happens(node);
    node.answerAll().pass(10_000);
    expect(node.says('createNode')).toHaveLength(2);
    const before = node.says('patchNodeStatus').length;
    node.pass(30_000);
    expect(node.says('patchNodeStatus')).toHaveLength(before);
  });

  it.each([
    { why: 'under an older epoch', epoch: 0 },
    { why: 'under the same one', epoch: 1 },
    { why: 'under a newer one', epoch: 2 },
  ])('writes again what a restored store does not know that it had written, told by a dispatcher $why', ({ epoch }) => {
    const node = new Node().give(podOf('u')).start();
    const backup = node.pods.get('u') as Pod;
    node.pods.set('u', { ...backup, metadata: { ...backup.metadata, resourceVersion: '1' }, status: {} });
    node.epoch = epoch;
    node.begunAt += 1000;
    node.world.call(SUBJECTS.reconnected, { instance: 'a' }, {});
    node.answerAll().pass(5000);
    expect(node.status('u')?.phase).toBe('Running');
    expect(node.runtime.started).toEqual(['u/web/0']);
  });

  it('hands out logs, and refuses in the words of Kubernetes', () => {
    const node = new Node()
      .give(podOf('u'))
      .give(podOf('v', { containers: [{ name: 'x', image: 'bad:1' }] }))
      .start();
    const ask = (query: object): unknown => {
      node.log.length = 0;
      node.world.call(SUBJECTS.nodeLogs, { node: 'a' }, { namespace: 'default', ...query });
      node.answerAll();
      const body = node.says('reply').at(-1)?.body as { message?: string };
      return body.message ?? body;
    };
    expect(ask({ pod: 'pod-u' })).toMatchObject({ lines: [{ text: expect.stringContaining('"container":"web"') }] });
    expect(ask({ pod: 'pod-u', container: 'no' })).toBe('container no is not valid for pod pod-u');
    expect(ask({ pod: 'pod-u', previous: true })).toBe('previous terminated container "web" in pod "pod-u" not found');
    expect(ask({ pod: 'pod-v' })).toBe(
      'container "x" in pod "pod-v" is waiting to start: trying and failing to pull image',
    );
    expect(ask({ pod: 'nope' })).toBe('pods "nope" not found on node a');
  });

  it('survives messages that make no sense', () => {
    const node = new Node().start();
    for (const body of [new Uint8Array([0xc1]), {}, { epoch: 1, counter: 1, changed: [{}], removed: [] }, 'x']) {
      node.world.callSubject('troupe.node.a.pods', body);
      node.world.callSubject('troupe.node.a.logs', body);
      node.answerAll();
    }
    expect(node.says('reply').filter(({ body }) => (body as { status?: string }).status === 'Failure')).toHaveLength(8);
    expect(node.give(podOf('u')).tell('u').status('u')?.phase).toBe('Running');
  });
});

it('what a pod asks for in vain is told once as an event of the pod', () => {
  const more = {
    hostUsers: false,
    containers: [{ name: 'web', image: 'web:1', lifecycle: { preStop: { sleep: { seconds: 1 } } } }],
  };
  const node = new Node().start().give(podOf('u1', more)).give(podOf('u2')).tell('u1').tell('u2').pass(5000);
  expect(node.status('u1')?.phase).toBe('Running');
  expect(node.events().filter((event) => event.startsWith('NotActedUpon'))).toEqual([
    'NotActedUpon: Not acted upon yet: spec.hostUsers (the pod has no user namespace of its own), spec.containers[0].lifecycle (no hook runs, and its image says which signal stops it)',
  ]);
});

it('a pod that asks for much in vain has an event that fits', () => {
  const containers = Array.from({ length: 60 }, (_, index) => ({
    name: `c${index}`,
    image: 'web:1',
    lifecycle: { preStop: { sleep: { seconds: 1 } } },
  }));
  const node = new Node().start().give(podOf('u1', { containers })).tell('u1').pass(5000);
  const [event = ''] = node.events().filter((one) => one.startsWith('NotActedUpon'));
  expect(event.length).toBeLessThanOrEqual('NotActedUpon: '.length + 1024);
  expect(event).toMatch(/ and \d+ more$/);
});

describe('a node that is short of memory', () => {
  const MI = 2 ** 20;
  const DISK = { availableBytes: 90, capacityBytes: 100 };
  const eviction = { hard: 'memory.available<100Mi', pressureTransitionPeriodSeconds: 60 };
  const short = (): Node => new Node({ ...OPTIONS, eviction }).give(podOf('small')).give(podOf('big')).start();
  /** The runtime driver samples what the node uses. */
  const sample = (node: Node, availableBytes: number): Node => {
    const containers = node.runtime.containers
      .filter(({ state }) => state === 'running')
      .map(({ id, pod, name }) => ({ id, pod, name, workingSetBytes: (pod.uid === 'big' ? 500 : 5) * MI }));
    const usage = {
      ...{ node: 'a', at: node.runtime.now, cpuNanoseconds: 0, pids: { running: 1, most: 100 } },
      ...{ memory: { capacityBytes: 4096 * MI, availableBytes }, nodefs: DISK, imagefs: DISK, volumes: [], containers },
    };
    node.world.call(SUBJECTS.metrics, { node: 'a' }, usage);
    return node.answerAll().pass(2000);
  };
  const pressureOf = (node: Node): string | undefined => {
    const [written] = node.says('patchNodeStatus').slice(-1);
    const status = (written?.body as { status?: NodeStatus } | undefined)?.status;
    return status?.conditions?.find(({ type }) => type === 'MemoryPressure')?.status;
  };

  it('evicts the pod that uses most, says why, and has the condition until it has passed for a while', () => {
    const node = short();
    sample(node, 200 * MI);
    expect(node.status('big')?.phase).toBe('Running');
    sample(node, 50 * MI);
    expect(node.status('big')).toMatchObject({
      phase: 'Failed',
      reason: 'Evicted',
      message:
        'The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container web was using 500Mi, request is 0, has larger consumption of memory. ',
    });
    expect(node.status('big')?.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' }),
    );
    expect(node.status('small')?.phase).toBe('Running');
    expect(pressureOf(node)).toBe('True');
    sample(node.pass(10_000), 900 * MI);
    expect(pressureOf(node)).toBe('True');
    sample(node.pass(60_000), 900 * MI);
    expect(pressureOf(node)).toBe('False');
    const told = node.events().map((event) => event.split(':', 1)[0]);
    for (const reason of ['Evicted', 'EvictionThresholdMet', 'NodeHasInsufficientMemory', 'NodeHasSufficientMemory'])
      expect(told.filter((each) => each === reason)).toEqual([reason]);
  });

  it('refuses a pod that requests nothing, once, and takes one that requests memory', () => {
    const node = sample(short(), 50 * MI);
    const requests = { memory: '1Mi' };
    node.give(podOf('any')).tell('any');
    node.give(podOf('some', { containers: [{ name: 'web', image: 'web:1', resources: { requests } }] })).tell('some');
    node.pass(5000);
    expect(node.status('any')).toMatchObject({
      phase: 'Failed',
      reason: 'Evicted',
      message: 'Pod was rejected: The node had condition: [MemoryPressure]. ',
    });
    expect(node.status('some')?.phase).toBe('Running');
    expect(node.runtime.started).not.toContain('any/web/0');
    sample(node.pass(60_000), 900 * MI);
    expect(node.status('any')?.phase).toBe('Failed');
  });

  it('a pod that does not fit beside those that run is refused; once they have ended, another one is taken', () => {
    const ofCpu = (uid: string): Pod =>
      podOf(uid, { containers: [{ name: 'web', image: 'web:1', resources: { requests: { cpu: '1500m' } } }] });
    const node = new Node().give(ofCpu('first')).start();
    node.give(ofCpu('second')).tell('second').pass(1000);
    expect(node.status('second')).toMatchObject({ phase: 'Failed', reason: 'OutOfcpu' });
    expect(node.events()).toContainEqual(
      "OutOfcpu: Node didn't have enough resource: cpu, requested: 1500, used: 1500, capacity: 2000",
    );
    node.pods.delete('first');
    node.tell('first').pass(1000);
    node.give(ofCpu('third')).tell('third').pass(1000);
    expect(node.status('third')?.phase).toBe('Running');
  });
});

it('removes the image of pods that are gone once the disk is nearly full, never one in use', () => {
  const imageCollection = { highPercent: 85, lowPercent: 80 };
  const node = new Node({ ...OPTIONS, imageCollection });
  node.runtime.images.add('app:1').add('foreign:1');
  const other = { containers: [{ name: 'web', image: 'app:1', imagePullPolicy: 'IfNotPresent' }] };
  node.give(podOf('stays')).give(podOf('goes', other)).start();
  const sample = (availableBytes: number): void => {
    const disk = { availableBytes, capacityBytes: 100_000 };
    const usage = { ...{ node: 'a', at: node.runtime.now, cpuNanoseconds: 0 }, pids: { running: 1, most: 100 } };
    const memory = { capacityBytes: 100, availableBytes: 50 };
    const body = { ...usage, memory, nodefs: disk, imagefs: disk, volumes: [], containers: [] };
    node.world.call(SUBJECTS.metrics, { node: 'a' }, body);
    node.answerAll().pass(1000);
  };
  sample(90_000);
  node.pods.delete('goes');
  node.tell('goes').pass(40_000);
  sample(90_000);
  node.pass(120_000);
  sample(16_000);
  expect([...node.runtime.images]).toEqual(['web:1', 'app:1', 'foreign:1']);
  sample(15_000);
  expect([...node.runtime.images]).toEqual(['web:1', 'foreign:1']);
  expect(node.events()).toContainEqual(
    'FreeDiskSpaceFailed: Failed to garbage collect required amount of images. Attempted to free 5000 bytes, but only found 1000 bytes eligible to free.',
  );
});
