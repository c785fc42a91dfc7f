import type { Event, EventsEvent, KubeObject } from '../kinds.ts';

/** Renames the fields in the table; other fields are kept. */
function renamed(object: object, names: Readonly<Record<string, string>>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(object)) out[names[name] ?? name] = value;
  return out;
}

const TO_STORAGE: Readonly<Record<string, string>> = {
  regarding: 'involvedObject',
  note: 'message',
  reportingController: 'reportingComponent',
  deprecatedSource: 'source',
  deprecatedFirstTimestamp: 'firstTimestamp',
  deprecatedLastTimestamp: 'lastTimestamp',
  deprecatedCount: 'count',
};
const FROM_STORAGE = Object.fromEntries(Object.entries(TO_STORAGE).map(([newer, stored]) => [stored, newer]));

/** `events.k8s.io/v1` -> `v1`, the storage version. Lossless. */
export const eventToStorage = (event: EventsEvent): Event => {
  const stored = renamed(event, TO_STORAGE);
  return { ...stored, apiVersion: 'v1', involvedObject: stored.involvedObject ?? {} } as unknown as Event;
};

/** `v1` -> `events.k8s.io/v1`. Lossless. */
export const eventFromStorage = (event: Event): EventsEvent & KubeObject =>
  ({ ...renamed(event, FROM_STORAGE), apiVersion: 'events.k8s.io/v1' }) as unknown as EventsEvent & KubeObject;
