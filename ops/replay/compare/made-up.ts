import type { Steps } from '../../../actors/kernel/slices.ts';
import { isPlain, type Plain } from '../../../contracts/json-values.ts';
import { heardBody, saidBody } from '../play/bodies.ts';
import { type Playable, revisionOf } from '../read/playable.ts';

/** A name that nobody chose: what it begins with was chosen, the rest was made up. */
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

/** What a cluster made up by itself while it was recorded, and would make up otherwise another time. */
export interface MadeUp {
  /** In the order in which they came up. */
  readonly names: ReadonlyMap<string, MadeName>;
  readonly templateHashes: ReadonlySet<string>;
  readonly uids: ReadonlySet<string>;
  /** Names of nodes, made up or not: those of another cluster are others. */
  readonly nodes: ReadonlySet<string>;
  readonly ids: ReadonlyMap<string, MadeId>;
}

const HASH_LABEL = 'pod-template-hash';
/** Kubernetes cuts here what a generated name begins with. */
const BEGINS_MAX = 58;
/** What completes a generated name: no vowels, no look-alikes, so that no word comes of it. */
const SUFFIX = /^[bcdfghjklmnpqrstvwxz2456789]{5}$/;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Looks through the objects of a recording's history, what was heard and what was said. */
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

  /** Whatever is in a body. */
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
    // Who hears of pods alone knows no ReplicaSet.
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

  /** A container: what was asked for, and the answer. */
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
