import type { Heard, TestWorld } from '../../actors/kernel/testing/test-world.ts';
import { failure } from '../../contracts/errors/status.ts';
import type { RuntimeOp } from '../../contracts/runtime/ops.ts';
import type { Bus } from './bus.ts';
import type { Cast, Member } from './cast.ts';
import type { SimNode } from './sim-node.ts';
import { SECOND, type Time } from './time.ts';
import type { Answered, Waits } from './waits.ts';

const LATE_MS = 15 * SECOND;

type Request = Pick<Heard, 'subject' | 'body' | 'headers'>;

/** What actors and people say to each other: who hears it, over the bus. */
export class Mail {
  /** What an administrator's quota would: the requests, by subject, that are refused. */
  refusing: ((subject: string) => boolean) | undefined;
  readonly #bus: Bus;
  readonly #cast: Cast;
  readonly #waits: Waits;
  readonly #time: Time;
  readonly #askStore: (world: TestWorld, heard: Heard) => void;
  /** By the subject on which an answer is to come. */
  readonly #waiting = new Map<string, Answered>();
  readonly #beats = new Map<string, unknown>();
  #calls = 0;

  /** @param askStore hears what api-servers ask the store */
  constructor(bus: Bus, cast: Cast, waits: Waits, time: Time, askStore: (world: TestWorld, heard: Heard) => void) {
    this.#bus = bus;
    this.#cast = cast;
    this.#waits = waits;
    this.#time = time;
    this.#askStore = askStore;
  }

  /* What they say. */

  /** Takes along what an actor has said. */
  collect({ name, world }: Member): void {
    for (const heard of world.said()) {
      if (heard.kind === 'reply') this.#answered(heard);
      else if (heard.kind === 'request') this.#request(name, world, heard);
      else if (heard.kind === 'publish') this.#publish(name, heard);
      else if (heard.kind === 'port') this.#askStore(world, heard);
    }
  }

  /** A person asks for something; neither that nor the answer is lost or late. */
  demand(subject: string, body: unknown, answer: Answered): void {
    const api = this.#cast.anyApi();
    if (api !== undefined) this.#callActor(api, { subject, body, headers: {} }, answer);
  }

  /** A person asks for something that is lost and late as anything else. */
  ask(subject: string, body: unknown, answered: Answered): void {
    const answer = this.#waits.person(answered);
    const to = this.#cast.anyApi()?.name;
    if (to === undefined) return;
    const back = (said: unknown): void => this.#bus.send({ from: to, to: 'me', deliver: () => answer(said) }, true);
    const request = { subject, body, headers: {} };
    this.#bus.send({ from: 'me', to, deliver: this.#inTime(() => this.#serve(to, request, back)) }, true);
  }

  #answered({ subject, body }: Heard): void {
    this.#waiting.get(subject)?.(body);
    this.#waiting.delete(subject);
  }

  #request(from: string, asker: TestWorld, heard: Heard): void {
    this.#waits.asked(asker, heard);
    const answer = (by: string) => (body: unknown) =>
      this.#bus.send({ from: by, to: from, deliver: () => this.tell({ name: from, world: asker }, heard, body) }, true);
    const [, family, who = '', op] = heard.subject.split('.');
    if (family === 'api') {
      const to = this.#cast.anyApi()?.name;
      if (to === undefined) return;
      this.#bus.send({ from, to, deliver: this.#inTime(() => this.#serve(to, heard, answer(to))) });
    } else if (family === 'dispatch') {
      for (const member of this.#cast.dispatchers) {
        const to = member.name;
        this.#bus.send({ from, to, deliver: () => this.#callActor(member, heard, answer(to)) });
      }
    } else if (family === 'runtime') {
      const node = this.#cast.node(who);
      const to = engineOf(who);
      this.#bus.send({ from, to, deliver: () => this.#drive(node, op as RuntimeOp, heard.body, answer(to)) });
    } else throw new Error(`nobody hears ${heard.subject}`);
  }

  #publish(from: string, { subject, body }: Heard): void {
    const [, family, who = ''] = subject.split('.');
    if (family === 'heartbeat')
      this.#bus.send({ from, to: 'node-lifecycle', deliver: () => void this.#beats.set(subject, body) });
    else if (family === 'node') this.#bus.send({ from, to: who, deliver: () => this.#tellKubelet(who, subject, body) });
  }

  /* What reaches them. */

  /** Answers an actor, if it still is there and waits. */
  tell(asker: Member, heard: Heard, body: unknown): void {
    if (this.#cast.isDead(asker.world) || !asker.world.core.isAskOpen(heard.id)) return;
    asker.world.answer(heard, body);
    this.collect(asker);
  }

  /** Tells whoever has waited too long. */
  expire(): void {
    this.#waits.expire(({ asker, heard }) => this.tell({ name: nameOf(asker), world: asker }, heard, 'timeout'));
    this.#waits.giveUp();
  }

  /** Hands over the heartbeats that came. */
  beat(): void {
    const beats = [...this.#beats].map(([subject, body]) => ({ subject, body }));
    this.#beats.clear();
    if (beats.length === 0) return;
    for (const member of this.#cast.watchers) {
      if (!('beats' in member.world.core.definition.hears)) continue;
      member.world.latest('beats', beats);
      this.collect(member);
    }
  }

  /** What the broker publishes of a node's change. @param body the node's object; of one that is gone, nothing */
  republishNode(name: string, body: unknown): void {
    const subject = `troupe.changes.nodes._.${name}`;
    this.#bus.send({ from: 'store', to: name, deliver: () => this.#tellKubelet(name, subject, body) });
  }

  /** A node's engine says that something may have changed. */
  hint({ name }: SimNode): void {
    const subject = `troupe.runtime-events.${name}`;
    this.#bus.send({ from: engineOf(name), to: name, deliver: () => this.#tellKubelet(name, subject, { node: name }) });
  }

  /** A node is out of everybody's reach; its worker's own broker, too. */
  cutOff({ name }: SimNode): void {
    for (const who of [name, engineOf(name)]) this.#bus.cut(who);
  }

  /** What is asked of a node's engine from now on is lost, until it goes on. */
  holdEngine({ name }: SimNode): void {
    this.#bus.cut(engineOf(name));
  }

  letEngineGoOn({ name }: SimNode): void {
    if (!this.#bus.isCut(name)) this.#bus.mend(engineOf(name));
  }

  reconnect(node: SimNode): void {
    for (const who of [node.name, engineOf(node.name)]) this.#bus.mend(who);
    this.#isBack(node);
  }

  /** The server was lost, with all that was on its way, and is back. */
  lose(): void {
    this.#bus.loseAll();
    this.#beats.clear();
    for (const watcher of this.#cast.watchers) this.#failAsks(watcher);
    for (const node of this.#cast.nodes) if (!this.#bus.isCut(node.name)) this.#isBack(node);
  }

  #isBack({ name, kubelet }: SimNode): void {
    this.#failAsks({ name, world: kubelet });
    this.#tellKubelet(name, `troupe.reconnected.${name}`);
  }

  #failAsks(asker: Member): void {
    const gone = failure('ServiceUnavailable', 'the connection was lost');
    for (const { heard } of this.#waits.openOf(asker.world)) this.tell(asker, heard, gone);
  }

  #tellKubelet(name: string, subject: string, body?: unknown): void {
    const { kubelet } = this.#cast.node(name);
    kubelet.callSubject(subject, body);
    this.collect({ name, world: kubelet });
  }

  /** An api-server does nothing of what was asked too long ago. */
  #inTime(serve: () => void): () => void {
    const late = this.#time.now + LATE_MS;
    return () => {
      if (this.#time.now <= late) serve();
    };
  }

  #serve(name: string, request: Request, answer: Answered): void {
    if (this.refusing?.(request.subject) === true) return answer(failure('Forbidden', 'exceeded quota'));
    const api = this.#cast.api((each) => each.name === name);
    if (api !== undefined) this.#callActor(api, request, answer);
  }

  #callActor(member: Member, { subject, body, headers }: Request, answer: Answered): void {
    if (this.#cast.isDead(member.world)) return;
    const reply = `_INBOX.operator.${++this.#calls}`;
    this.#waiting.set(reply, answer);
    member.world.callSubject(subject, body, { reply, headers: headers ?? {} });
    this.collect(member);
  }

  #drive(node: SimNode, op: RuntimeOp, body: unknown, answer: Answered): void {
    const before = node.runtime.containers;
    answer(node.answer(op, body));
    if (node.runtime.containers !== before) this.hint(node);
  }
}

const engineOf = (node: string): string => `${node}'s engine`;

const nameOf = ({ core: { self } }: TestWorld): string => (self.actor === 'kubelet' ? self.instance : self.actor);
