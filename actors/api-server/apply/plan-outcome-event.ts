import { safeHash } from '../../../contracts/hash/stable-hash.ts';
import { type EventNote, makeEvent, NOTE_MAX } from '../../../contracts/kinds/event/make-event.ts';
import type { Event } from '../../../contracts/kinds/kinds.ts';
import { dnsLabel, dnsSubdomain } from '../../../contracts/kinds/name-formats.ts';
import type { ApplyItem } from '../../../contracts/messages/api.ts';
import { printable } from '../../../contracts/printable.ts';

/** Longest name of an object. */
const NAME_MAX = 253;
/** What is left of a name that is none, beside a hash. */
const DERIVED_MAX = 200;

/**
 * Where the outcome of a document is told. Who is confined to a namespace is told there: what the document itself names
 * may be a place that its author can neither read nor is allowed to write to.
 * @param confined the subject's namespace; empty = any
 * @param exists whether there is such a namespace
 */
export function placeOfOutcome(
  confined: string,
  { namespace = '', status }: ApplyItem,
  exists: (namespace: string) => boolean,
): string {
  if (confined !== '') return isLabel(confined) ? confined : 'default';
  return isLabel(namespace) && (status === undefined || exists(namespace)) ? namespace : 'default';
}

const isLabel = (text: string): boolean => dnsLabel(text).length === 0;

/**
 * The Event that tells what became of a document. All that is in a document its author chose, and refusals quote it: what
 * is no name becomes one, what is long is cut, and nothing moves a terminal's cursor. Pure.
 * @param component who tells it
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
