import { statusError } from '../../../contracts/errors/status.ts';
import { isPlain } from '../../../contracts/json-values.ts';
import type { Verb } from '../../../contracts/subjects/subjects.ts';

/** How a client wants objects in an answer: whole, or their metadata alone. */
type Accepted = 'whole' | 'metadata';

const META = 'meta.k8s.io/v1';
/** Verbs that are answered by an object, or a list of them. */
const ANSWERED: ReadonlySet<Verb> = new Set(['get', 'list', 'create', 'update', 'patch']);

/**
 * What the header `Accept` asks for, by the parameter `as` as in Kubernetes; other parts of it say nothing here, since an
 * answer comes in the encoding of the question. Of several the first that can be had: who would like a table takes
 * objects as well. To be asked before anything is done.
 * @throws StatusError NotAcceptable
 */
export function planAccepted(accept: string | undefined, verb: Verb): Accepted {
  const forms = (accept ?? '').split(',').map((range) => /(?:^|;)\s*as=([^;\s]*)/.exec(range)?.[1]);
  for (const form of forms) {
    if (form === undefined) return 'whole';
    if (form === 'PartialObjectMetadata' && ANSWERED.has(verb)) return 'metadata';
    if (form === 'PartialObjectMetadataList' && verb === 'list') return 'metadata';
  }
  throw statusError(
    'NotAcceptable',
    `${verb}: Accept asks for ${forms[0] || 'nothing'}; the server can answer with whole objects (no "as"), and ${[...ANSWERED].join(', ')} also with as=PartialObjectMetadata`,
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
