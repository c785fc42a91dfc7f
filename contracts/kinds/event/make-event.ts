import { canonicalJson, safeHash } from '../../hash/stable-hash.ts';
import { rfc3339, rfc3339Micro } from '../../time/rfc3339.ts';
import type { Event, ObjectMeta, ObjectReference } from '../generated/types.ts';

/** The content of an Event about an object. */
export interface EventNote {
  readonly type: 'Normal' | 'Warning';
  /** One word in CamelCase, such as `ScalingReplicaSet`. */
  readonly reason: string;
  readonly message: string;
  /** The part of the object that it is about, such as `spec.containers{web}`. */
  readonly fieldPath?: string;
}

/** Kubernetes' limit for an event's message, in characters. */
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

/** Longest part of an object's name in its events' names, which add a dot and a hash. */
const REGARDED_MAX = 240;

/**
 * Makes an Event (core `v1`, count 1) about an object. Its name contains a hash of its content, so the same note about the
 * same object always has the same name; creating it again makes the api-server raise the stored event's count.
 * @param component the reporting component, such as `deployment-controller`
 * @param now milliseconds since the Unix epoch
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
