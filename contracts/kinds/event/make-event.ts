import { canonicalJson, safeHash } from '../../hash/stable-hash.ts';
import { rfc3339, rfc3339Micro } from '../../time/rfc3339.ts';
import type { Event, ObjectMeta, ObjectReference } from '../generated/types.ts';

/** What is worth telling about an object; `type` as in Kubernetes. */
export interface EventNote {
  readonly type: 'Normal' | 'Warning';
  /** One word in CamelCase, such as `ScalingReplicaSet`. */
  readonly reason: string;
  readonly message: string;
  /** Which part of the object it is about, such as `spec.containers{web}`. */
  readonly fieldPath?: string;
}

/** As much as Kubernetes takes for the note of an event. */
export const NOTE_MAX = 1024;

/** Any object that an event can be about. */
export interface Regarded {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: ObjectMeta;
}

export function referenceTo(object: Regarded): ObjectReference {
  const { name, namespace, uid, resourceVersion } = object.metadata ?? {};
  return {
    ...(object.apiVersion === undefined ? {} : { apiVersion: object.apiVersion }),
    ...(object.kind === undefined ? {} : { kind: object.kind }),
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}

/** What is left of the name of an object beside a dot and a hash: together they must be a name too. */
const REGARDED_MAX = 240;

/**
 * The Event that tells a note about an object: `events/v1` core shape, count 1. Its name is a hash of what it is about,
 * so that the same note about the same object always has the same name: creating it again makes the api-server count the
 * stored one up instead of adding another.
 * @param component who tells it, such as `deployment-controller`
 */
export function makeEvent(regarding: Regarded, note: EventNote, component: string, now: number): Event {
  const { name = '', namespace = 'default', uid = '' } = regarding.metadata ?? {};
  const base = name.slice(0, REGARDED_MAX).replace(/[-.]+$/, '');
  const { fieldPath } = note;
  const part = fieldPath === undefined ? [] : [fieldPath];
  const id = canonicalJson([uid, regarding.kind, note.type, note.reason, note.message, component, ...part]);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${base}.${safeHash(id, 6)}${safeHash(`${id}+`, 6)}`, namespace },
    involvedObject: { ...referenceTo(regarding), ...(fieldPath === undefined ? {} : { fieldPath }) },
    type: note.type,
    reason: note.reason,
    message: note.message,
    source: { component },
    reportingComponent: component,
    firstTimestamp: rfc3339(now),
    lastTimestamp: rfc3339(now),
    eventTime: rfc3339Micro(now),
    count: 1,
  };
}
