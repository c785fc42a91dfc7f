import type { Steps } from '../../../actors/kernel/replay-api.ts';
import { isPlain, type Plain } from '../../../contracts/json-values.ts';
import { heardBody, saidBody } from '../play/bodies.ts';
import { type Playable, revisionOf } from '../read/playable.ts';

/** A generated name: a chosen beginning and a random end. */
export interface MadeName {
  readonly namespace: string;
  /** `web-6b549577f8-` */
  readonly begins: string;
}

/** A container or a sandbox of a pod. */
export interface MadeId {
  readonly pod: string;
  /** Of a container. */
  readonly name?: string;
  readonly attempt: number;
}

/** Names and ids that a cluster generated; another run generates others. */
export interface MadeUp {
  /** In order of appearance. */
  readonly names: ReadonlyMap<string, MadeName>;
  readonly templateHashes: ReadonlySet<string>;
  readonly uids: ReadonlySet<string>;
  /** Names of nodes, generated or not: another cluster has others. */
  readonly nodes: ReadonlySet<string>;
  readonly ids: ReadonlyMap<string, MadeId>;
}

const HASH_LABEL = 'pod-template-hash';
/** Kubernetes cuts the beginning of a generated name to this length. */
const BEGINS_MAX = 58;
/** The random end of a generated name: no vowels and no look-alikes. */
const SUFFIX = /^[bcdfghjklmnpqrstvwxz2456789]{5}$/;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Finds the generated names in a recording: in the objects of its history, its inputs and what was said. */
export function* madeUpIn(playable: Playable): Steps<MadeUp> {
  const { turns, history, sealer } = playable;
  const found = new Finder();
  const from = turns.find((turn) => revisionOf(turn) > 0);
  if (from !== undefined) {
    for (const { object } of history.stateAt(revisionOf(from))) found.object(object);
    const to = turns.reduce((most, turn) => Math.max(most, revisionOf(turn)), 0);
    for (const { object } of history.writes(revisionOf(from), to)) if (object !== undefined) found.object(object);
  }
  const asked = new Map<string, unknown>();
  for (const turn of turns) {
    yield;
    const heard = heardBody(turn, sealer);
    found.look(heard);
    if (turn.rec.t === 'answer') {
      found.created(asked.get(turn.rec.ask), heard);
      asked.delete(turn.rec.ask);
    }
    for (const [at, said] of turn.said.entries()) {
      const body = saidBody(said);
      found.look(body);
      if (said.say === 'createContainer') asked.set(`${turn.n}.${at}`, body);
    }
  }
  return found;
}

class Finder implements MadeUp {
  readonly names = new Map<string, MadeName>();
  readonly templateHashes = new Set<string>();
  readonly uids = new Set<string>();
  readonly nodes = new Set<string>();
  readonly ids = new Map<string, MadeId>();

  /** Looks through a body. */
  look(body: unknown): void {
    if (Array.isArray(body)) for (const item of body) this.look(item);
    if (!isPlain(body)) return;
    if (isPlain(body['metadata'])) this.object(body);
    const { id, pod, node, sentAt } = body;
    if (typeof sentAt === 'number') this.#node(node); // a heartbeat
    if (typeof id === 'string' && isPlain(pod)) this.#id(id, body);
    for (const [name, value] of Object.entries(body)) {
      if (typeof value === 'string') this.#uid(name, value);
      else this.look(value);
    }
  }

  object(object: unknown): void {
    const metadata = isPlain(object) ? object['metadata'] : undefined;
    if (!isPlain(object) || !isPlain(metadata)) return;
    this.#nodesOf(object, metadata);
    const { name, namespace = '', generateName, uid, labels, ownerReferences } = metadata;
    this.#uid('uid', uid);
    const hash = isPlain(labels) ? labels[HASH_LABEL] : undefined;
    if (typeof hash === 'string') this.templateHashes.add(hash);
    const owners = Array.isArray(ownerReferences) ? ownerReferences.filter(isPlain).map((owner) => owner['name']) : [];
    // An actor that sees only pods knows ReplicaSets only as owners.
    for (const owner of owners)
      if (typeof owner === 'string' && typeof hash === 'string' && owner.endsWith(`-${hash}`))
        this.#name(owner, namespace, owner.slice(0, -hash.length));
    if (typeof name !== 'string') return;
    const beginnings = [generateName, ...owners.map((owner) => `${String(owner)}-`)];
    for (const beginning of beginnings) {
      const begins = typeof beginning === 'string' ? beginning.slice(0, BEGINS_MAX) : '';
      const rest = name.slice(begins.length);
      if (begins === '' || !name.startsWith(begins) || (rest !== hash && !SUFFIX.test(rest))) continue;
      this.#name(name, namespace, begins);
      return;
    }
  }

  #nodesOf({ kind, spec, target }: Plain, { name }: Plain): void {
    if (kind === 'Node') this.#node(name);
    if (kind === 'Pod' && isPlain(spec)) this.#node(spec['nodeName']);
    if (kind === 'Binding' && isPlain(target)) this.#node(target['name']);
  }

  #node(name: unknown): void {
    if (typeof name === 'string' && name !== '') this.nodes.add(name);
  }

  #name(name: string, namespace: unknown, begins: string): void {
    if (!this.names.has(name)) this.names.set(name, { namespace: String(namespace), begins });
  }

  /** Notes a container: the request that created it, and the answer. */
  created(asked: unknown, answer: unknown): void {
    const id = isPlain(answer) ? answer['containerId'] : undefined;
    if (typeof id === 'string' && isPlain(asked)) this.#id(id, asked);
  }

  #id(id: string, { pod, name, attempt }: Plain): void {
    if (!isPlain(pod) || typeof pod['name'] !== 'string') return;
    const of = { pod: pod['name'], attempt: Number(attempt) };
    this.ids.set(id, typeof name === 'string' ? { ...of, name } : of);
  }

  #uid(name: string, value: unknown): void {
    if (typeof value === 'string' && UUID.test(value) && /^(uid|\w+Uid)$/.test(name)) this.uids.add(value);
  }
}
