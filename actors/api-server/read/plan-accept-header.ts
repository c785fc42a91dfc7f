import { statusError } from '../../../contracts/errors/status.ts';
import { isPlain } from '../../../contracts/json-values.ts';
import type { Verb } from '../../../contracts/subjects/subjects.ts';

/** Form of the objects in an answer. */
type Accepted = 'whole' | 'metadata';

const META = 'meta.k8s.io/v1';
/** Verbs whose answer is an object or a list. */
const RETURNING_OBJECTS: ReadonlySet<Verb> = new Set(['get', 'list', 'create', 'update', 'patch']);

/**
 * The form that the header `Accept` asks for, by its parameter `as` as in Kubernetes. Other parts of the header are
 * ignored, because an answer has the encoding of its request. Of several forms the first supported one is used: a client
 * that prefers a table also accepts objects. To be called before the request is carried out.
 * @throws StatusError NotAcceptable
 */
export function planAccepted(accept: string | undefined, verb: Verb): Accepted {
  const forms = (accept ?? '').split(',').map((range) => /(?:^|;)\s*as=([^;\s]*)/.exec(range)?.[1]);
  for (const form of forms) {
    if (form === undefined) return 'whole';
    if (form === 'PartialObjectMetadata' && RETURNING_OBJECTS.has(verb)) return 'metadata';
    if (form === 'PartialObjectMetadataList' && verb === 'list') return 'metadata';
  }
  throw statusError(
    'NotAcceptable',
    `${verb}: Accept asks for ${forms[0] || 'nothing'}; the server can answer with whole objects (no "as"), and ${[...RETURNING_OBJECTS].join(', ')} also with as=PartialObjectMetadata`,
  );
}

/** Converts an answer to the accepted form. A `Status`, and an answer that is not an object, stay as they are. */
export function answeredAs(accepted: Accepted, answer: unknown): unknown {
  if (accepted === 'whole' || !isPlain(answer) || answer['kind'] === 'Status') return answer;
  const { metadata, items } = answer;
  if (!Array.isArray(items)) return partial(answer);
  return { apiVersion: META, kind: 'PartialObjectMetadataList', metadata, items: items.map(partial) };
}

/** An answer without metadata, such as a pod's log, is not an object. */
const partial = (object: unknown): unknown =>
  isPlain(object) && isPlain(object['metadata'])
    ? { apiVersion: META, kind: 'PartialObjectMetadata', metadata: object['metadata'] }
    : object;
