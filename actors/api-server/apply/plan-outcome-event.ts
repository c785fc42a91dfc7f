import { safeHash } from '../../../contracts/hash/stable-hash.ts';
import { type EventNote, makeEvent, NOTE_MAX } from '../../../contracts/kinds/event/make-event.ts';
import type { Event } from '../../../contracts/kinds/kinds.ts';
import { dnsLabel, dnsSubdomain } from '../../../contracts/kinds/name-formats.ts';
import type { ApplyItem } from '../../../contracts/messages/api.ts';
import { printable } from '../../../contracts/printable.ts';

/** Longest name of an object. */
const NAME_MAX = 253;
/** Characters of an invalid name that are kept, before a hash. */
const DERIVED_MAX = 200;

/**
 * The namespace of the event about a document's outcome. A caller that may apply only to one namespace gets the event
 * there: it might have no access to the namespace that the document names.
 * @param confined the subject's namespace; empty = any
 * @param exists   whether a namespace exists
 */
export function outcomeNamespace(
  confined: string,
  { namespace = '', status }: ApplyItem,
  exists: (namespace: string) => boolean,
): string {
  if (confined !== '') return isLabel(confined) ? confined : 'default';
  return isLabel(namespace) && (status === undefined || exists(namespace)) ? namespace : 'default';
}

const isLabel = (text: string): boolean => dnsLabel(text).length === 0;

/**
 * The event about a document's outcome. Pure. A document may contain anything, and error messages quote it: an invalid name
 * is replaced, long texts are truncated, and control characters are removed.
 * @param component the event's source
 */
export function planOutcomeEvent(
  item: ApplyItem,
  caller: string,
  namespace: string,
  component: string,
  now: number,
): Event {
  const { apiVersion = '', kind = 'Manifest', name = caller, outcome = '', status } = item;
  const note: EventNote =
    status === undefined
      ? { type: 'Normal', reason: 'Applied', message: `${kind} ${name} ${outcome}, applied by ${caller}` }
      : { type: 'Warning', reason: 'ApplyFailed', message: status.message };
  const regarding = {
    apiVersion: printable(apiVersion, NAME_MAX),
    kind: printable(kind, NAME_MAX),
    metadata: { name: nameFrom(name), namespace },
  };
  const event = makeEvent(regarding, { ...note, message: printable(note.message, NOTE_MAX) }, component, now);
  return { ...event, involvedObject: { ...event.involvedObject, name: printable(name, NAME_MAX) } };
}

function nameFrom(name: string): string {
  if (name.length <= NAME_MAX && dnsSubdomain(name).length === 0) return name;
  const labels = name
    .slice(0, DERIVED_MAX)
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((part) => part !== '');
  return [...labels, safeHash(name, 6)].join('-');
}
