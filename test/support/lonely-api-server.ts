import { apiServer } from '../../actors/api-server/api-server.ts';
import type { AuthorizationMode } from '../../actors/api-server/authorise/authorizer.ts';
import type { Limits } from '../../actors/api-server/limits.ts';
import { type Heard, type TestWorld, testWorld } from '../../actors/kernel/testing/test-world.ts';
import { failure } from '../../contracts/errors/status.ts';
import type { KubeObject, ObjectMeta, PodSpec } from '../../contracts/kinds/kinds.ts';
import type { StorePorts } from '../../contracts/messages/store.ts';
import { parseKey } from '../../contracts/store/keys.ts';
import { STORE_HEADER } from '../../contracts/store/stored-headers.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';

/** Any answer of an api-server. */
export interface Body {
  readonly [field: string]: unknown;
  readonly metadata: ObjectMeta;
  readonly spec: PodSpec;
  readonly items: readonly KubeObject[];
}

/**
 * One api-server in the test world, whose store is played from the world's own cache: at once with `ask` and `serve`, or
 * when a test says so.
 */
export class LonelyApiServer {
  readonly world: TestWorld;
  readonly answers = new Map<string, Body>();
  readonly told: Heard[] = [];
  /** The user that asks. */
  caller = 'alice';
  /** Questions that the store has not answered yet. */
  open: Heard[] = [];
  #calls = 0;

  constructor(limits: Partial<Limits> = {}, authorization: AuthorizationMode = 'AlwaysAllow') {
    this.world = testWorld(apiServer({ instance: 'one', limits, authorization }));
    this.world.put('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default', uid: 'ns' } });
    this.world.start();
  }

  /** Sends a request without letting the store answer. @returns its reply subject */
  send(
    verb: string,
    resource: string,
    [namespace = '', name = '']: readonly string[],
    body?: unknown,
    headers: Record<string, string> = {},
  ): string {
    const { caller } = this;
    const reply = `_INBOX.${caller}.${++this.#calls}`;
    this.world.call(SUBJECTS.api, { caller, verb, resource, namespace, name }, body, { reply, headers });
    this.hear();
    return reply;
  }

  /** Sends a request and answers for the store until the request is answered. */
  ask(
    verb: string,
    resource: string,
    place: readonly string[],
    body?: unknown,
    headers?: Record<string, string>,
  ): Body {
    const reply = this.send(verb, resource, place, body, headers);
    this.serve();
    return this.answers.get(reply) as Body;
  }

  hear(): void {
    for (const heard of this.world.said()) {
      if (heard.kind === 'reply') this.answers.set(heard.subject, heard.body as Body);
      else if (heard.kind === 'publish') this.told.push(heard);
      else this.open.push(heard);
    }
  }

  /** Plays the store until nothing is open. */
  serve(): void {
    this.hear();
    for (let heard = this.open.shift(); heard !== undefined; heard = this.open.shift()) {
      this.world.answer(heard, this.#store(heard));
      this.hear();
    }
  }

  #store({ say, body }: Heard): unknown {
    const { key = '', object, expect } = body as { key?: string; object?: KubeObject; expect?: number };
    const { before } = body as { before?: KubeObject };
    const { cache } = this.world;
    if (say === 'fresh' || say === 'reached') return { revision: cache.revision };
    if (say === 'listEvents') return this.#listEvents(body as StorePorts['listEvents'][0]);
    if (say.endsWith('Event')) return this.#events(say, key, object, expect, before);
    const parts = parseKey(key);
    if (parts === undefined) throw new Error(`the store has no answer to ${say}`);
    if (cache.revisionOf(key) !== expect)
      return failure(expect === 0 ? 'AlreadyExists' : 'Conflict', 'wrong last sequence');
    if (say === 'put' && object !== undefined) return { revision: this.world.put(parts.resource, object) };
    return { revision: this.world.remove(parts.resource, parts.namespace, parts.name) };
  }

  /** Events have a bucket and revisions of their own; what is written there is republished. */
  readonly bucket = new Map<string, KubeObject>();
  #eventRevision = 0;
  #events(
    say: string,
    key: string,
    object: KubeObject | undefined,
    expect: number | undefined,
    before: KubeObject | undefined,
  ): unknown {
    const stored = this.bucket.get(key);
    if (say === 'getEvent') return stored === undefined ? {} : { object: stored };
    const known = Number(stored?.metadata?.resourceVersion ?? 0);
    if (expect !== undefined && expect !== known) return failure('Conflict', 'wrong last sequence');
    const revision = ++this.#eventRevision;
    if (object === undefined) this.bucket.delete(key);
    else this.bucket.set(key, { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } });
    this.#republish.push({
      key,
      object,
      headers: {
        'Nats-Sequence': String(revision),
        'Nats-Last-Sequence': String(known),
        ...(before === undefined ? {} : { [STORE_HEADER.before]: JSON.stringify(before) }),
      },
    });
    return { revision };
  }

  #listEvents({ namespace, after = '', limit }: StorePorts['listEvents'][0]): StorePorts['listEvents'][1] {
    const within = namespace === undefined ? 'events.' : `events.${namespace}.`;
    const keys = [...this.bucket.keys()].sort().filter((key) => key.startsWith(within) && key > after);
    const objects = keys.slice(0, limit).map((key) => this.bucket.get(key) as KubeObject);
    return { objects, more: keys.length > limit, revision: this.#eventRevision };
  }

  readonly #republish: { key: string; object: KubeObject | undefined; headers: Record<string, string> }[] = [];
  /** Delivers what the events' bucket republished. */
  republish(): void {
    for (const { key, object, headers } of this.#republish.splice(0)) {
      const { namespace, name } = parseKey(key) as { namespace: string; name: string };
      const bytes = new TextEncoder().encode(object === undefined ? '' : JSON.stringify(object));
      this.world.call(SUBJECTS.events, { namespace, name }, bytes, { headers });
    }
    this.hear();
  }

  /** A reader of a watch answers its newest bookmark, or the one of `revision`. */
  acknowledge(heard: Heard): void {
    this.world.callSubject(heard.headers?.['Troupe-Reply'] ?? '', {
      resourceVersion: (heard.body as { object: KubeObject }).object.metadata?.resourceVersion,
    });
  }

  /** What watches said since the last time this was asked: `ADDED name@revision`, `ERROR message`. */
  events(): string[] {
    this.hear();
    return this.told.splice(0).map(({ body }) => {
      const { type, object } = body as {
        type: string;
        object: { metadata?: { name?: string; resourceVersion?: string }; message?: string };
      };
      return `${type} ${(type === 'ERROR' ? object.message : object.metadata?.name) ?? ''}@${object.metadata?.resourceVersion ?? ''}`;
    });
  }
}
