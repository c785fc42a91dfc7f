import { statusError } from '../../contracts/errors/status.ts';
import { isPlain } from '../../contracts/kinds/plain.ts';
import type { Verb } from '../../contracts/subjects/subjects.ts';

/** How a client wants objects in an answer: whole, or their metadata alone. */
type Accepted = 'whole' | 'metadata';

const META = 'meta.k8s.io/v1';
/** Verbs that are answered by an object, or a list of them. */
const ANSWERED: ReadonlySet<Verb> = new Set(['get', 'list', 'create', 'update', 'patch']);

/**
 * What the header `Accept` asks for, by the parameter `as` as in Kubernetes; other parts of it say nothing here, since an
 * answer comes in the encoding of the question. To be asked before anything is done.
 * @throws StatusError NotAcceptable
 */
export function planAccepted(accept: string | undefined, verb: Verb): Accepted {
  const as = /(?:^|;)\s*as=([^;,\s]*)/.exec(accept ?? '')?.[1];
  if (as === undefined) return 'whole';
  if (as === 'PartialObjectMetadata' && ANSWERED.has(verb)) return 'metadata';
  if (as === 'PartialObjectMetadataList' && verb === 'list') return 'metadata';
  throw statusError(
    'NotAcceptable',
    `${verb}: Accept asks for ${as === '' ? 'nothing' : as}; the server can answer with whole objects (no "as"), and ${[...ANSWERED].join(', ')} also with as=PartialObjectMetadata`,
  );
}

/** The answer as it was asked for. Refusals, and what is no object, stay as they are. */
export function answeredAs(accepted: Accepted, answer: unknown): unknown {
  if (accepted === 'whole' || !isPlain(answer) || answer['kind'] === 'Status') return answer;
  const { metadata, items } = answer;
  if (!Array.isArray(items)) return partial(answer);
  return { apiVersion: META, kind: 'PartialObjectMetadataList', metadata, items: items.map(partial) };
}

/** What has no metadata (a pod's log) is no object. */
const partial = (object: unknown): unknown =>
  isPlain(object) && isPlain(object['metadata'])
    ? { apiVersion: META, kind: 'PartialObjectMetadata', metadata: object['metadata'] }
    : object;
