import { closest, distance } from 'fastest-levenshtein';
import { failure, type Status, statusError } from '../errors/status.ts';
import { configMapKind } from './config-map/config-map.ts';
import { deploymentKind } from './deployment/deployment.ts';
import { eventKind } from './event/event.ts';
import type { Kind } from './kind.ts';
import type { KubeObject } from './kinds.ts';
import { namespaceKind } from './namespace/namespace.ts';
import { nodeKind } from './node/node.ts';
import { podKind } from './pod/pod.ts';
import { replicaSetKind } from './replica-set/replica-set.ts';
import { secretKind } from './secret/secret.ts';
import { serviceAccountKind } from './service-account/service-account.ts';

/** Finds kinds by what people and programs call them. */
export interface Registry {
  readonly kinds: readonly Kind[];
  /** By what an object says of itself; `undefined` when no such version is served. */
  readonly kindOf: (apiVersion: string, kind: string) => Kind | undefined;
  /** By the plural, as in subjects and keys; a subresource after a slash is not looked at. */
  readonly kindByResource: (resource: string) => Kind | undefined;
  /**
   * By any word that people use, in any case: plural, singular, short name, kind, each with `.group` if they like.
   * @throws StatusError NotFound, with the likely word
   */
  readonly resolveResource: (word: string) => Kind;
  /** Why an object of this apiVersion and kind is refused, with what was probably meant. */
  readonly unknownKind: (apiVersion: string, kind: string) => Status;
}

const wordsOf = (kind: Kind): readonly string[] =>
  [kind.resource, kind.singular, kind.kind, ...kind.shortNames].map((word) => word.toLowerCase());

function suggestion(word: string, words: readonly string[]): string {
  const near = words.length === 0 ? '' : closest(word, words);
  return distance(word, near) <= Math.max(1, Math.floor(word.length / 3)) ? `; did you mean "${near}"?` : '';
}

/** A registry of any list of kinds; of two that share a word the first wins. */
export function registryOf(kinds: readonly Kind[]): Registry {
  const byResource = new Map(kinds.map((kind) => [kind.resource, kind]));
  const byVersion = new Map<string, Kind>();
  const byWord = new Map<string, Kind>();
  for (const kind of kinds) {
    for (const { apiVersion, served } of kind.versions) if (served) byVersion.set(`${apiVersion}/${kind.kind}`, kind);
    for (const word of wordsOf(kind)) {
      if (!byWord.has(word)) byWord.set(word, kind);
      if (kind.group !== '') byWord.set(`${word}.${kind.group}`, kind);
    }
  }
  return {
    kinds,
    kindOf: (apiVersion, kind) => byVersion.get(`${apiVersion}/${kind}`),
    kindByResource: (resource) => byResource.get(resource.split('/', 1)[0] ?? ''),
    resolveResource: (given) => {
      const word = given.toLowerCase();
      const found = byWord.get(word);
      if (found !== undefined) return found;
      const hint = suggestion(
        word,
        [...byWord.keys()].filter((one) => one.length > 2 && !one.includes('.')),
      );
      throw statusError('NotFound', `the server doesn't have a resource type "${given}"${hint}`);
    },
    unknownKind: (apiVersion, kind) => {
      const same = kinds.find((one) => one.kind.toLowerCase() === kind.toLowerCase());
      const versions = same?.versions.filter(({ served }) => served).map((version) => version.apiVersion) ?? [];
      const hint =
        same === undefined
          ? suggestion(
              kind,
              kinds.map((one) => one.kind),
            )
          : `; ${same.kind} is served as apiVersion ${versions.join(' or ')}`;
      return failure('BadRequest', `no matches for kind "${kind}" in version "${apiVersion}"${hint}`);
    },
  };
}

const open = <T extends KubeObject>(kind: Kind<T>): Kind => kind as unknown as Kind;

/** Troupe's own kinds. A new kind is a folder and one line here. */
export const KINDS: readonly Kind[] = [
  open(namespaceKind),
  open(nodeKind),
  open(podKind),
  open(replicaSetKind),
  open(deploymentKind),
  open(configMapKind),
  open(secretKind),
  open(serviceAccountKind),
  open(eventKind),
];

export const registry: Registry = registryOf(KINDS);
export const { kindOf, kindByResource, resolveResource } = registry;
