import { untoken } from '../../../contracts/subjects/token.ts';
import type { MadeUp } from './made-up.ts';

/** Replaces generated names by stand-ins that are the same in both recordings. */
export interface StandIns {
  /** Names and uids within a text. */
  text(text: string): string;
  /** An id of a container or a sandbox. */
  id(id: string): string;
  /** A subject, with its tokens unescaped. */
  subject(subject: string): string;
}

/** Words that may be names, possibly with dots. */
const WORDS = /[a-z0-9](?:[-.a-z0-9]*[a-z0-9])?/g;

/** The name of an Event without its generated end. */
export const eventName = (name: string): string =>
  name.replace(/\.(?:[0-9a-f]{10,20}|[b-df-hj-np-tv-xz2-9]{8,14})$/, '.#');

/**
 * Matches the nodes that only one of two recordings has, in alphabetical order.
 * @returns pairs of names, here and there
 */
export function pairNodes(made: MadeUp, other: MadeUp): readonly (readonly [string, string])[] {
  const alone = (one: MadeUp, beside: MadeUp): readonly string[] =>
    [...one.nodes].filter((name) => !beside.nodes.has(name)).sort();
  const there = alone(other, made);
  return alone(made, other)
    .slice(0, there.length)
    .map((name, at) => [name, there[at] as string]);
}

/** The stand-in for the nodes of a pair: `node-#1`. */
export const nodeStandIn = (at: number): string => `node-#${at + 1}`;

/** Names like this are recognised anywhere in a text; other names, which may be ordinary words, only by their place. */
const DISTINCT_NAME = /[-.\d]/;
const LAST_OF = /(?<= (?:to|on|node) )[a-z]+$/;

/**
 * Names that both recordings have stay. The others are numbered in order of appearance, per namespace and beginning:
 * `web-6b549577f8-#1`. Nodes are matched by `pairNodes`.
 * @param spoken what the recording says, in order
 */
export function standIns(made: MadeUp, other: MadeUp, spoken: Iterable<unknown>): StandIns {
  const { words, wholes } = replacements(made, other, spoken);
  const word = (found: string): string =>
    words.get(found) ??
    (found.includes('.')
      ? found
          .split('.')
          .map((part) => words.get(part) ?? part)
          .join('.')
      : found);
  const atEnd = (whole: string): string =>
    wholes.size === 0 ? whole : whole.replace(LAST_OF, (name) => wholes.get(name) ?? name);
  const text = (whole: string): string => words.get(whole) ?? wholes.get(whole) ?? atEnd(whole).replace(WORDS, word);
  return {
    text,
    id: (id) => {
      const of = made.ids.get(id);
      return of === undefined
        ? '(id)'
        : [text(of.pod), ...(of.name === undefined ? [] : [of.name]), of.attempt].join('/');
    },
    subject: (subject) => {
      const tokens = subject.split('.').map((piece) => untoken(piece) ?? piece);
      const ofEvent = tokens.at(-3) === 'events';
      return tokens.map((token, at) => text(ofEvent && at === tokens.length - 1 ? eventName(token) : token)).join(' ');
    },
  };
}

interface Replacements {
  /** Replaced anywhere in a text. */
  readonly words: ReadonlyMap<string, string>;
  /** Replaced only where they are the whole text or stand at its end. */
  readonly wholes: ReadonlyMap<string, string>;
}

function replacements(made: MadeUp, other: MadeUp, spoken: Iterable<unknown>): Replacements {
  const words = new Map<string, string>();
  for (const hash of made.templateHashes) if (!other.templateHashes.has(hash)) words.set(hash, '#');
  for (const uid of made.uids) words.set(uid, '(uid)');
  const wholes = new Map<string, string>();
  for (const [at, [node]] of pairNodes(made, other).entries()) {
    (DISTINCT_NAME.test(node) ? words : wholes).set(node, nodeStandIn(at));
    words.set(`node-${node}`, `node-${nodeStandIn(at)}`); // the user name of its kubelet
  }
  if (made.names.size > 0) numberNames(made, other, spoken, words);
  return { words, wholes };
}

/** Adds the stand-ins of generated names to `words`. */
function numberNames(made: MadeUp, other: MadeUp, spoken: Iterable<unknown>, words: Map<string, string>): void {
  const rank = new Map([...made.names.keys()].map((name, at) => [name, at]));
  const counts = new Map<string, number>();
  const nameOf = (name: string): string => {
    const known = words.get(name);
    const about = made.names.get(name);
    if (known !== undefined || about === undefined || other.names.has(name)) return known ?? name;
    const owner = about.begins.slice(0, -1);
    const begins = made.names.has(owner) ? `${nameOf(owner)}-` : about.begins;
    const all = `${about.namespace}/${begins}`;
    const count = (counts.get(all) ?? 0) + 1;
    counts.set(all, count);
    const standIn = `${begins}#${count}`;
    words.set(name, standIn);
    return standIn;
  };
  for (const piece of spoken) {
    const names = [...namesIn(piece, made)].filter((name) => !words.has(name));
    for (const name of names.sort((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0))) nameOf(name);
  }
}

/** The generated names in a value. */
function namesIn(value: unknown, made: MadeUp, found = new Set<string>()): ReadonlySet<string> {
  if (typeof value === 'string') {
    for (const [word] of value.matchAll(WORDS))
      for (const name of [word, ...word.split('.')]) if (made.names.has(name)) found.add(name);
  } else if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
    for (const item of Object.values(value)) namesIn(item, made, found);
  }
  return found;
}
