import { encodeMsgpack } from '../../../contracts/codec/codec.ts';
import type { Status } from '../../../contracts/errors/status.ts';
import { HEADER, type Headers } from '../../../contracts/headers.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { type Key, keyOfObject, storeKey } from '../../../contracts/store/keys.ts';
import type { Family, TokensOf } from '../../../contracts/subjects/family.ts';
import type { Json, Millis, Rec, Self, Turn } from '../contract.ts';
import type { ActorDefinition } from '../declare.ts';
import { saidThen } from '../journal/journal.ts';
import type { Incarnation } from '../journal/recorder.ts';
import { ActorCore, type Report, type TurnDone } from '../turns/actor-core.ts';
import { LATEST_HEADER, REPLY_HEADER } from '../turns/call-routing.ts';
import { installGuard } from '../turns/guard.ts';
import { outcomeOf } from '../turns/outcome.ts';
import type { Outgoing } from '../turns/outgoing.ts';
import { PendingChanges } from '../turns/pending-changes.ts';
import type { Violation } from '../turns/violation.ts';
import { Cache, type Write } from '../view/cache.ts';
import { type RecordedWorld, testWorldHook, type WorldRecording } from './test-world-hook.ts';

/** An output of the actor, in a form that is easy to compare. */
export interface Heard {
  readonly id: string;
  readonly kind: string;
  readonly say: string;
  readonly subject: string;
  readonly body: unknown;
  readonly headers?: Headers | undefined;
  readonly timeoutMs?: number | undefined;
}

/**
 * The test world: drives one actor turn by turn, with a frozen cache, a clock that only `advance` moves, and the guard
 * installed. Rethrows the error of a failed turn, and the first violation, so that the test fails.
 */
export class TestWorld implements RecordedWorld {
  readonly core: ActorCore;
  readonly cache = new Cache({ freeze: true });
  readonly turns: Turn[] = [];
  readonly reports: Report[] = [];
  readonly violations: Violation[] = [];
  now: Millis;
  readonly #seed: readonly number[];
  readonly #out: (readonly Outgoing[])[] = [];
  readonly #writes: Write[] = [];
  readonly #pending: PendingChanges;
  readonly #prefix: string;
  #revision = 0;
  #calls = 0;
  #said: Heard[] = [];

  constructor(
    definition: ActorDefinition,
    options: { readonly now?: Millis; readonly self?: Partial<Self>; readonly seed?: readonly number[] } = {},
  ) {
    installGuard();
    this.now = options.now ?? Date.parse('2026-01-01T00:00:00Z');
    const self: Self = {
      actor: definition.name,
      instance: 'test',
      caller: definition.name,
      prefix: 'troupe',
      ...(definition.singleton ? { epoch: 1 } : {}),
      ...options.self,
    };
    this.#prefix = self.prefix;
    this.#pending = new PendingChanges(definition.hears, (start) => this.core.isAnyCellSet(start));
    this.#seed = options.seed ?? [1, 2, 3, 4];
    this.core = new ActorCore(definition, {
      self,
      view: this.cache,
      seed: this.#seed,
      freeze: true,
      onViolation: (violation) => this.violations.push(violation),
    });
    testWorldHook.made?.(this);
  }

  /** Starts the behaviour; its first change contains the objects that were put before. */
  start(): this {
    this.#run({ t: 'start' });
    this.#pending.noteAll(this.cache);
    return this.settle();
  }

  /** Writes an object into the cache; the actor receives the change at the next `settle`. @returns its revision */
  put(resource: string, object: KubeObject): number {
    this.#revision += 1;
    this.#write({ key: keyOfObject(resource, object), revision: this.#revision, object: structuredClone(object) });
    return this.#revision;
  }

  remove(resource: string, namespace: string | undefined, name: string): number {
    this.#revision += 1;
    this.#write({ key: storeKey(resource, namespace, name), revision: this.#revision });
    return this.#revision;
  }

  /** Runs turns for all changes and all due timers, until none is left. */
  settle(): this {
    for (let turn = 0; this.#pending.size > 0 || (this.core.nextDue ?? Number.POSITIVE_INFINITY) <= this.now; turn++) {
      if (turn > 10_000) throw new Error(`${this.core.definition.name} does not settle within 10000 turns`);
      if (this.#pending.size > 0) {
        const { keys, before } = this.#pending.take();
        this.#run({ t: 'change', keys }, (key) => before.get(key));
      } else this.#run({ t: 'due' });
    }
    return this;
  }

  /** Advances the clock, running each timer at its time. */
  advance(ms: number): this {
    const end = this.now + ms;
    this.settle();
    for (let due = this.core.nextDue; due !== undefined && due <= end; due = this.core.nextDue) {
      this.now = Math.max(this.now, due);
      this.settle();
    }
    this.now = end;
    return this.settle();
  }

  /** Sends a message to the actor. `body` is encoded as MessagePack unless it is bytes already. @returns the call's id */
  call<T extends string>(
    family: Family<T, unknown, unknown>,
    tokens: TokensOf<T>,
    body?: unknown,
    options: { readonly reply?: string; readonly headers?: Headers } = {},
  ): string {
    return this.callSubject(family.subject(this.#prefix, tokens), body, options);
  }

  callSubject(
    subject: string,
    body?: unknown,
    options: { readonly reply?: string; readonly headers?: Headers } = {},
  ): string {
    const id = `call-${++this.#calls}`;
    const bytes = body instanceof Uint8Array ? body : body === undefined ? new Uint8Array(0) : encodeMsgpack(body);
    const encoded =
      body instanceof Uint8Array || body === undefined ? {} : { [HEADER.contentType]: 'application/msgpack' };
    const headers = { ...encoded, ...options.headers, [REPLY_HEADER]: options.reply ?? `_INBOX_test.${id}` };
    this.#run({ t: 'call', id, subject, headers, body: bytes });
    this.settle();
    return id;
  }

  /** Delivers the newest messages of a `latest` input. */
  latest(input: string, messages: readonly { readonly subject: string; readonly body: unknown }[]): this {
    const body = encodeMsgpack(messages.map(({ subject, body }) => [subject, encodeMsgpack(body)]));
    this.#run({
      t: 'call',
      id: `call-${++this.#calls}`,
      subject: `latest.${input}`,
      headers: { [LATEST_HEADER]: input },
      body,
    });
    return this.settle();
  }

  /** Answers an open ask: with a body, a `Status` refusal or `'timeout'`. */
  answer(ask: Heard | string, result: unknown): this {
    const id = typeof ask === 'string' ? ask : ask.id;
    if (!this.core.isAskOpen(id)) throw new Error(`answer ${id}: no such ask is open`);
    const refusal = typeof result === 'object' && result !== null && (result as Status).status === 'Failure';
    this.#run({
      t: 'answer',
      ask: id,
      result: result === 'timeout' ? 'timeout' : refusal ? (result as Status) : encodeMsgpack(result ?? {}),
    });
    return this.settle();
  }

  /** The outputs since the last call, of the entry `say` or all. */
  said(say?: string): Heard[] {
    const said = this.#said;
    this.#said = say === undefined ? [] : said.filter((heard) => heard.say !== say);
    return say === undefined ? said : said.filter((heard) => heard.say === say);
  }

  /** Simulates a crash: restarts the behaviour from a checkpoint, so that only its cells remain. */
  crash(): this {
    const checkpoint = this.core.checkpoint(this.cache.windowStart);
    if (checkpoint === undefined) throw new Error('crash: an ask without `lasts` is open; answer it first');
    this.#run({ t: 'start', checkpoint });
    return this.settle();
  }

  cells(): Readonly<Record<string, Json>> {
    return this.core.cellValues();
  }

  /** The recording so far. Secret data is not removed: test data contains none. */
  recording(): WorldRecording {
    const turns = this.turns.map(({ n, now, view, rec }, at) => ({
      n,
      now,
      view,
      rec,
      said: (this.#out[at] ?? []).map(saidThen),
    }));
    const incarnation: Incarnation = {
      self: this.core.self,
      incarnation: this.turns[0]?.now ?? this.now,
      config: this.core.definition.config,
      seed: this.#seed,
      window: 0,
      node: process.versions.node,
      icu: process.versions['icu'] ?? '',
      build: 'test',
      driver: false,
    };
    return { incarnation, turns, writes: this.#writes };
  }

  #write(write: Write): void {
    this.#writes.push(write);
    this.#pending.note(this.cache.apply(write));
  }

  #run(rec: Rec, before?: (key: Key) => KubeObject | undefined): TurnDone {
    const done = this.core.run(rec, this.now, { objects: this.cache.revision }, before);
    this.turns.push(done.turn);
    this.#out.push(outcomeOf(done));
    this.reports.push(...done.reports);
    this.#said.push(...done.out.map(heardOf));
    if ('failed' in done) throw done.failed;
    return done;
  }
}

const heardOf = (out: Outgoing): Heard => ({
  id: out.id,
  kind: out.said.kind,
  say: out.said.say,
  subject: out.said.subject,
  body: out.said.body,
  headers: out.said.headers,
  timeoutMs: out.timeoutMs,
});

export const testWorld = (
  definition: ActorDefinition,
  options: ConstructorParameters<typeof TestWorld>[1] = {},
): TestWorld => new TestWorld(definition, options);
