import type { Msg, NatsConnection } from 'nats';
import { decode, encodeMsgpack } from '../../contracts/codec/codec.ts';
import { failure, success } from '../../contracts/errors/status.ts';
import { API_RESOURCES } from '../../contracts/kinds/custom/discovered-kinds.ts';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import { warningsOf } from '../../contracts/kinds/pod-template/not-acted-upon.ts';
import type { ApplyResult, ListOptions, WatchEvent, WatchOptions } from '../../contracts/messages/api.ts';
import type { LogLine, LogLines, LogQuery } from '../../contracts/messages/logs.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';

interface Watcher {
  readonly inbox: string;
  readonly caller: string;
  readonly scope: string;
  readonly name: string | undefined;
}
interface Happened {
  readonly revision: number;
  readonly scope: string;
  readonly event: WatchEvent;
}

/**
 * Stands in for an api-server where only its clients are under test: the same subjects and messages, objects in memory,
 * nothing checked. What may go wrong on the way is called by hand.
 */
export class FakeApi {
  readonly asked: string[] = [];
  readonly acknowledged: string[] = [];
  /** Most items of a page. */
  pageSize = 500;
  /** A watch from before this is answered by 410. */
  oldest = 0;
  readonly output: LogLine[] = [];
  outputEnded = false;
  /** Most lines of an answer with output. */
  linesMost = 1000;
  readonly #connection: NatsConnection;
  readonly #objects = new Map<string, KubeObject>();
  readonly #history: Happened[] = [];
  #watchers: Watcher[] = [];
  #revision = 0;

  constructor(connection: NatsConnection) {
    this.#connection = connection;
    connection.subscribe('troupe.api.>', { queue: 'api-server', callback: (_, message) => this.#hear(message) });
    connection.subscribe('troupe.watch.>', {
      callback: (_, message) => {
        this.acknowledged.push((decode(message.data) as { resourceVersion: string }).resourceVersion);
      },
    });
  }

  put(resource: string, object: KubeObject): KubeObject {
    const { namespace = '', name = '' } = object.metadata ?? {};
    const key = `${resource}.${namespace}.${name}`;
    const type = this.#objects.has(key) ? 'MODIFIED' : 'ADDED';
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#revision) } };
    this.#objects.set(key, stored);
    this.#tell(`${resource}.${namespace}`, { type, object: stored });
    return stored;
  }

  remove(resource: string, namespace: string, name: string): KubeObject | undefined {
    const key = `${resource}.${namespace}.${name}`;
    const object = this.#objects.get(key);
    if (!this.#objects.delete(key) || object === undefined) return undefined;
    const gone = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#revision) } };
    this.#tell(`${resource}.${namespace}`, { type: 'DELETED', object: gone });
    return object;
  }

  /** As if the server that serves them had died: no end, no bookmark. */
  forgetWatches(): void {
    this.#watchers = [];
  }
  endWatches(): void {
    for (const { inbox } of this.#watchers) this.#send(inbox, { type: 'END', object: this.#mark() });
    this.#watchers = [];
  }
  get watchers(): number {
    return this.#watchers.length;
  }
  /** A bookmark that wants an answer. */
  bookmark(): void {
    for (const { inbox, caller } of this.#watchers) {
      const ack = SUBJECTS.watchAck.subject('troupe', { caller, instance: 'fake', id: '1' });
      this.#send(inbox, { type: 'BOOKMARK', object: this.#mark() }, ack);
    }
  }
  /** One more line of output, by the stream too unless `missed`. */
  write(line: LogLine, pod: string, options: { readonly missed?: boolean; readonly ended?: boolean } = {}): void {
    this.output.push(line);
    if (options.ended === true) this.outputEnded = true;
    if (options.missed === true) return;
    const subject = SUBJECTS.logs.subject('troupe', { namespace: 'default', pod, container: 'main' });
    const lines: LogLines = { lines: [line], ...(options.ended === true ? { ended: true } : {}) };
    this.#connection.publish(subject, encodeMsgpack(lines));
  }

  #mark() {
    return { apiVersion: 'v1', kind: 'Pod', metadata: { resourceVersion: String(this.#revision) } };
  }

  #tell(scope: string, event: WatchEvent): void {
    this.#history.push({ revision: this.#revision, scope, event });
    for (const watcher of this.#watchers) if (isFor(watcher, scope, event)) this.#send(watcher.inbox, event);
  }

  #send(inbox: string, event: WatchEvent, reply?: string): void {
    this.#connection.publish(inbox, encodeMsgpack(event), reply === undefined ? {} : { reply });
  }

  #hear(message: Msg): void {
    const tokens = SUBJECTS.api.parse('troupe', message.subject);
    if (tokens === undefined) return;
    const { caller, verb, resource, namespace, name } = tokens;
    this.asked.push(`${verb} ${resource} ${namespace}/${name}`);
    const body = decode(message.data, message.headers?.get('Content-Type'));
    const answer =
      resource === 'pods/log'
        ? this.#logs(body as LogQuery)
        : verb === 'watch'
          ? this.#watch({ inbox: message.reply ?? '', caller }, `${resource}.${namespace}`, body as WatchOptions)
          : this.#answer(verb, { resource, namespace, name }, body);
    if (answer !== undefined) message.respond(encodeMsgpack(answer));
  }

  #answer(verb: string, target: { resource: string; namespace: string; name: string }, body: unknown): unknown {
    const { resource, namespace, name } = target;
    const object = this.#objects.get(`${resource}.${namespace}.${name}`);
    if (resource === API_RESOURCES) return { apiVersion: 'v1', kind: 'APIResourceList', resources: [] };
    if (verb === 'list') return this.#list(resource, namespace, (body ?? {}) as ListOptions);
    if (verb === 'apply' || verb === 'create') {
      const stored = this.put(resource, body as KubeObject);
      if (verb === 'create') return stored;
      const result: ApplyResult = {
        apiVersion: 'troupe/v1',
        kind: 'ApplyResult',
        items: [
          { outcome: object === undefined ? 'created' : 'configured', warnings: warningsOf(stored), object: stored },
        ],
      };
      return result;
    }
    if (verb === 'patch' && resource.endsWith('/scale')) return body;
    if (object === undefined) return failure('NotFound', `${resource} "${name}" not found`);
    if (verb === 'delete') {
      if ((object.metadata?.finalizers ?? []).length > 0) return object;
      this.remove(resource, namespace, name);
      return success();
    }
    return object;
  }

  #list(resource: string, namespace: string, options: ListOptions): unknown {
    const name = nameIn(options.fieldSelector);
    const all = [...this.#objects.entries()]
      .filter(([key]) => key.startsWith(namespace === '' ? `${resource}.` : `${resource}.${namespace}.`))
      .map(([, object]) => object)
      .filter((object) => name === undefined || object.metadata?.name === name);
    const from = Number(options.continue ?? 0);
    const more = all.length > from + this.pageSize;
    return {
      apiVersion: 'v1',
      kind: 'List',
      metadata: {
        resourceVersion: String(this.#revision),
        ...(more ? { continue: String(from + this.pageSize) } : {}),
      },
      items: all.slice(from, from + this.pageSize),
    };
  }

  #watch({ inbox, caller }: Pick<Watcher, 'inbox' | 'caller'>, scope: string, options: WatchOptions): unknown {
    const from = Number(options.resourceVersion ?? 0);
    if (from < this.oldest) return failure('Expired', `too old resource version: ${from}; list again`);
    const watcher = { inbox, caller, scope, name: nameIn(options.fieldSelector) };
    this.#send(inbox, { type: 'BOOKMARK', object: { ...this.#mark(), metadata: { resourceVersion: String(from) } } });
    for (const past of this.#history) {
      if (past.revision > from && isFor(watcher, past.scope, past.event)) this.#send(inbox, past.event);
    }
    this.#watchers.push(watcher);
    return undefined;
  }

  #logs(query: LogQuery): LogLines {
    const { sinceTime, tailLines } = query;
    const fresh = this.output.filter(({ time }) => sinceTime === undefined || time > sinceTime);
    const picked = tailLines === undefined ? fresh : fresh.slice(-tailLines);
    const lines = picked.slice(0, this.linesMost);
    const truncated = lines.length < picked.length;
    return { lines, ...(truncated ? { truncated } : this.outputEnded ? { ended: true } : {}) };
  }
}

const nameIn = (fieldSelector: string | undefined): string | undefined =>
  fieldSelector === undefined ? undefined : /metadata\.name=([^,]+)/.exec(fieldSelector)?.[1];

function isFor(watcher: Watcher, scope: string, event: WatchEvent): boolean {
  const wide = watcher.scope.endsWith('.') && scope.startsWith(watcher.scope);
  if (scope !== watcher.scope && !wide) return false;
  const name = (event.object as KubeObject).metadata?.name;
  return watcher.name === undefined || watcher.name === name;
}
