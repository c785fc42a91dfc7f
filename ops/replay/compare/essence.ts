import { isPlain, type Plain } from '../../../contracts/json-values.ts';
import { eventName, type StandIns } from './plan-stand-ins.ts';

/** Maps with keys chosen by users: a key says nothing about its value. */
const CHOSEN = new Set(['data', 'binaryData', 'stringData', 'labels', 'matchLabels', 'annotations']);
const MOMENT_NAME = /(time|Time|Timestamp|At)$/;
const ISO_MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
/** Times since 2001, in milliseconds since the epoch, are greater than this. */
const MILLIS_MIN = 1e12;
const PULLED_IN = /\bin \S+ \(\S+ including waiting\)/;

/**
 * A body without what differs between any two runs: generated names are replaced by stand-ins; uids, revisions, times, pod
 * addresses and message counts by placeholders.
 */
export const essence = (body: unknown, put: StandIns): unknown => ofValue(body, '', put);

/** The object that a body is about, where the subject does not say: requests to a runtime, Events. Empty = none. */
export function aboutOf(body: unknown, put: StandIns): string {
  if (!isPlain(body)) return '';
  const { pod, sandboxId, containerId, involvedObject } = body;
  for (const one of [pod, involvedObject])
    if (isPlain(one) && typeof one['name'] === 'string') return put.text(`${String(one['namespace'])}/${one['name']}`);
  for (const id of [containerId, sandboxId]) if (typeof id === 'string') return put.id(id);
  return '';
}

/** @param within the map with keys chosen by users that the value is in, if any */
function ofValue(value: unknown, name: string, put: StandIns, within?: string): unknown {
  const mayBeMoment = within === undefined || within === 'annotations';
  if (mayBeMoment && MOMENT_NAME.test(name) && isMoment(value)) return '(moment)';
  if (typeof value === 'string') return within === undefined ? ofText(value, name, put) : put.text(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return ofList(value, name, put, within);
  const fields = Object.entries(value).map(([field, item]) => [
    field,
    ofValue(item, field, put, within ?? (CHOSEN.has(field) ? field : undefined)),
  ]);
  const essential = Object.fromEntries(fields) as Plain;
  return within !== undefined || !isPlain(value) ? essential : { ...essential, ...ofShape(value, put) };
}

function ofText(value: string, name: string, put: StandIns): string {
  if (/^(uid|\w+Uid)$/.test(name)) return '(uid)';
  // "0" requests any version.
  if (/^(resourceVersion|continue)$/.test(name)) return value === '0' ? value : '(revision)';
  if (/^(sandboxId|containerId)$/.test(name)) return put.id(value);
  if (name === 'containerID') return value.replace(/(?<=^\w+:\/\/).*/, (id) => put.id(id));
  if (name === 'podIP') return value === '' ? value : '(address)';
  return put.text(name === 'message' ? value.replace(PULLED_IN, 'in (time)') : value);
}

/** Fields that are recognised by the fields beside them. */
function ofShape(value: Plain, put: StandIns): Plain {
  const { kind, metadata, pod, secrets, podIPs, epoch, counter, digest } = value;
  const isDispatch = typeof epoch === 'number' && typeof counter === 'number';
  const revisions =
    isPlain(pod) && isPlain(secrets) ? Object.keys(secrets).map((each) => [each, '(revision)']) : undefined;
  const name = kind === 'Event' && isPlain(metadata) ? metadata['name'] : undefined;
  const isQuery = 'node' in value && Object.keys(value).length <= 2;
  return {
    ...(isDispatch ? { epoch: '(count)', counter: '(count)' } : {}),
    ...(typeof digest === 'string' && (isDispatch || isQuery) ? { digest: '(digest)' } : {}),
    ...(revisions === undefined ? {} : { secrets: Object.fromEntries(revisions) }),
    ...(Array.isArray(podIPs) ? { podIPs: podIPs.map(() => '(address)') } : {}),
    ...(typeof name === 'string'
      ? { metadata: { ...(ofValue(metadata, 'metadata', put) as Plain), name: put.text(eventName(name)) } }
      : {}),
  };
}

/** A list that is sorted by name is sorted again by the replaced names. */
function ofList(list: readonly unknown[], name: string, put: StandIns, within?: string): readonly unknown[] {
  const all = list.map((item) => ({ name: nameIn(item), is: ofValue(item, name, put, within) }));
  const inOrder = all.every(({ name: own }, at) => own !== '' && (at === 0 || (all[at - 1]?.name ?? '') < own));
  if (inOrder) all.sort((a, b) => (put.text(a.name) < put.text(b.name) ? -1 : 1));
  return all.map(({ is }) => is);
}

function nameIn(item: unknown): string {
  const object = isPlain(item) && isPlain(item['pod']) ? item['pod'] : item;
  if (!isPlain(object)) return '';
  const { name, namespace = '' } = isPlain(object['metadata']) ? object['metadata'] : object;
  return typeof name === 'string' ? `${String(namespace)} ${name}` : '';
}

const isMoment = (value: unknown): boolean =>
  typeof value === 'number' ? value > MILLIS_MIN : typeof value === 'string' && ISO_MOMENT.test(value);
