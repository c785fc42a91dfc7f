import { parseRfc3339 } from '../../time/rfc3339.ts';
import { FIELDS } from '../generated/fields.ts';
import { defineKind, type KindSource } from '../kind.ts';
import type { Event, EventsEvent, ObjectReference } from '../kinds.ts';
import { ageSince, column, NAME, wide } from '../meta/columns.ts';
import { dnsSubdomain, qualifiedName } from '../name-formats.ts';
import { schemaOf } from '../schema.ts';
import type { Findings } from '../validation-findings.ts';
import { eventFromStorage, eventToStorage } from './convert.ts';
import { NOTE_MAX } from './make-event.ts';

/** The event of an object without a namespace is in `default`. */
function checkNamespace({ metadata, involvedObject }: Event, findings: Findings): void {
  const own = metadata.namespace ?? '';
  const about = involvedObject.namespace ?? '';
  const fits = about === '' ? own === '' || own === 'default' : own === about;
  if (!fits) findings.invalid('involvedObject.namespace', about, 'does not match event.namespace');
}

/** Validation that `events.k8s.io/v1` has and `v1` does not. */
function checkNewer(event: EventsEvent, findings: Findings): void {
  if (event.eventTime === undefined) findings.required('eventTime');
  const { reportingController: controller = '', reportingInstance: instance = '' } = event;
  if (controller === '') findings.required('reportingController');
  else for (const detail of qualifiedName(controller)) findings.invalid('reportingController', controller, detail);
  if (instance === '') findings.required('reportingInstance');
  if (instance.length > 128) findings.invalid('reportingInstance', '', 'can have at most 128 characters');
  if (!event.action) findings.required('action');
  else if (event.action.length > 128) findings.invalid('action', '', 'can have at most 128 characters');
  if (!event.reason) findings.required('reason');
  else if (event.reason.length > 128) findings.invalid('reason', '', 'can have at most 128 characters');
  if ((event.note ?? '').length > NOTE_MAX) findings.invalid('note', '', `can have at most ${NOTE_MAX} characters`);
  if (!['Normal', 'Warning'].includes(event.type ?? '')) {
    findings.invalid('type', event.type ?? '', 'has invalid value: Normal or Warning expected');
  }
}

/** An event stored through `v1` may have no `eventTime`; it must still be readable and writable through the newer version. */
const newerFields = { ...FIELDS, EventsEvent: { ...FIELDS.EventsEvent, eventTime: 'microtime' } };

const NEWER: NonNullable<KindSource<Event>['otherVersions']>[number] = {
  apiVersion: 'events.k8s.io/v1',
  served: true,
  type: schemaOf(newerFields)('EventsEvent'),
  toStorage: (event) => eventToStorage(event as EventsEvent),
  fromStorage: eventFromStorage,
  check: (event, findings, operation) => {
    if (operation === 'create') checkNewer(event as EventsEvent, findings);
  },
};

const lastSeen = ({ series, lastTimestamp, eventTime, metadata }: Event): string | undefined =>
  series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp;
/** The latest of the event's timestamps, some of which are in whole seconds. */
const seenAt = (event: Event): number =>
  Math.max(
    ...[lastSeen(event), event.lastTimestamp, event.eventTime]
      .map((moment) => parseRfc3339(moment))
      .filter(Number.isFinite),
  );
const firstSeen = ({ firstTimestamp, eventTime, metadata }: Event): string | undefined =>
  firstTimestamp ?? eventTime ?? metadata.creationTimestamp;

function sourceText({ source, reportingComponent, reportingInstance }: Event): string {
  const component = source?.component || reportingComponent || '';
  const host = source?.host || reportingInstance || '';
  return host === '' ? component : `${component}, ${host}`;
}

const about = (read: (object: ObjectReference) => string | undefined) => (event: Event) =>
  read(event.involvedObject) ?? '';

export const eventKind = defineKind<Event>({
  resource: 'events',
  singular: 'event',
  kind: 'Event',
  shortNames: ['ev'],
  namespaced: true,
  apiVersion: 'v1',
  otherVersions: [NEWER],
  selectableFields: {
    'involvedObject.kind': about((object) => object.kind),
    'involvedObject.namespace': about((object) => object.namespace),
    'involvedObject.name': about((object) => object.name),
    'involvedObject.uid': about((object) => object.uid),
    'involvedObject.apiVersion': about((object) => object.apiVersion),
    'involvedObject.resourceVersion': about((object) => object.resourceVersion),
    'involvedObject.fieldPath': about((object) => object.fieldPath),
    reason: ({ reason }) => reason ?? '',
    reportingComponent: ({ reportingComponent }) => reportingComponent ?? '',
    source: ({ source, reportingComponent }) => source?.component || reportingComponent || '',
    type: ({ type }) => type ?? '',
  },
  columns: [
    column('LAST SEEN', (event, now) => ageSince(lastSeen(event), now)),
    column('TYPE', ({ type }) => type ?? ''),
    column('REASON', ({ reason }) => reason ?? ''),
    column('OBJECT', ({ involvedObject: { kind = '', name = '' } }) => `${kind.toLowerCase()}/${name}`),
    wide('SUBOBJECT', ({ involvedObject }) => involvedObject.fieldPath ?? ''),
    wide('SOURCE', sourceText),
    column('MESSAGE', ({ message = '' }) => message.trim()),
    wide('FIRST SEEN', (event, now) => ageSince(firstSeen(event), now)),
    wide('COUNT', ({ series, count }) => String(series?.count ?? count ?? 1)),
    { ...NAME, priority: 1 },
  ],
  tableOrder: seenAt,
  nameFormat: dnsSubdomain,
  checkCreate: checkNamespace,
  checkUpdate: (event, _old, findings) => checkNamespace(event, findings),
});
