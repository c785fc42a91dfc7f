import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import type { ListDigestAnswer } from '../../../contracts/messages/api.ts';
import { keyOfObject } from '../../../contracts/store/keys.ts';
import { EMPTY_DIGEST, type ListDigest, withEntry, withoutEntry } from '../../../contracts/store/list-digest.ts';
import { token } from '../../../contracts/subjects/token.ts';
import type { Change } from '../../kernel/contract.ts';
import type { Context } from '../context.ts';

const revisionOf = ({ metadata }: KubeObject): number => Number(metadata?.resourceVersion);

/** The digest of all objects of a resource as of the view. Kept up to date from its first use on, so an answer costs nothing. */
export function listDigest({ world }: Context, resource: string): ListDigestAnswer {
  const start = `${token(resource)}.`;
  const step = (digest: ListDigest, { key, before, after }: Change): ListDigest => {
    if (!key.startsWith(start)) return digest;
    const without = before === undefined ? digest : withoutEntry(digest, key, revisionOf(before));
    return after === undefined ? without : withEntry(without, key, revisionOf(after));
  };
  const digest = world.derived(
    `digest ${resource}`,
    (view) =>
      (view.list(resource) as readonly KubeObject[]).reduce(
        (made, object) => withEntry(made, keyOfObject(resource, object), revisionOf(object)),
        EMPTY_DIGEST,
      ),
    step,
  )();
  return {
    apiVersion: 'troupe/v1',
    kind: 'ListDigest',
    metadata: { resourceVersion: String(world.view.revision) },
    ...digest,
  };
}
