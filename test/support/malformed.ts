import fc from 'fast-check';
import { decodeAll, encode, JSON_TYPE, MSGPACK_TYPE, YAML_TYPE } from '../../contracts/codec/codec.ts';
import { HEADER } from '../../contracts/headers.ts';
import { isPlain, type Plain } from '../../contracts/json-values.ts';
import type { Kind } from '../../contracts/kinds/kind.ts';
import { KINDS } from '../../contracts/kinds/registry.ts';
import { RUNTIME_OPS, type RuntimeOp } from '../../contracts/runtime/ops.ts';
import type { Family } from '../../contracts/subjects/family.ts';
import { SUBJECTS, VERBS } from '../../contracts/subjects/subjects.ts';
import { token } from '../../contracts/subjects/token.ts';
import { fitting } from './fitting.ts';

/** One message that nobody should have sent. */
export interface Malformed {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** Its subject leads to somebody who is there. */
  readonly addressed: boolean;
}

/** Values of placeholders that lead somewhere in a cluster with master `m1` and node `n1`; nothing there is dear to anybody. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  caller: ['anybody'],
  verb: VERBS,
  resource: [
    ...[
      'pods',
      'pods/status',
      'pods/binding',
      'pods/log',
      'pods/exec',
      'pods/portforward',
      'deployments',
      'deployments/scale',
      'replicasets/status',
    ],
    ...['configmaps', 'secrets', 'events', 'nodes/status', 'namespaces/finalize', 'serviceaccounts'],
  ],
  namespace: ['junk', ''],
  name: ['a', 'b', ''],
  pod: ['a'],
  container: ['main'],
  node: ['n1'],
  op: RUNTIME_OPS,
  actor: ['api-server', 'scheduler', 'dispatcher', 'store'],
  instance: ['m1'],
  id: ['a'],
  channel: ['control', 'stdin'],
  revision: ['1'],
  chunk: ['end', '0'],
};
/** Of a placeholder that is new; where that leads nowhere, nobody answers and its test says so. */
const ANY: readonly string[] = ['a'];
const strange = fc.oneof(
  fc.constantFrom('x', '=', '=ZZ', '=5F', '=C3=28', '%', '__proto__', 'constructor', '$JS', 'a'.repeat(300)),
  fc.stringMatching(/^[\x21-\x29\x2b-\x2d\x2f-\x3d\x3f-\x7e]{1,12}$/), // all but space, `*`, `.` and `>`
);

/** Subjects of a family, most of them leading to somebody. */
function subjectOf(family: Family, prefix: string): fc.Arbitrary<Pick<Malformed, 'subject' | 'addressed'>> {
  const parts = family.template.split('.').map((part): fc.Arbitrary<{ token: string; known: boolean }> => {
    if (!part.startsWith('<')) return fc.constant({ token: part, known: true });
    const known = KNOWN[part.slice(1, -1)] ?? ANY;
    return fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...known).map((value) => ({ token: token(value), known: true })) },
      { weight: 1, arbitrary: strange.map((value) => ({ token: value, known: false })) },
    );
  });
  return fc.tuple(...parts).map((tokens) => ({
    subject: [prefix, ...tokens.map((one) => one.token)].join('.'),
    addressed: tokens.every(({ known }) => known),
  }));
}

/** Names of fields that some message somewhere has, so that junk gets past the first look. */
const FIELDS = [
  ...['apiVersion', 'kind', 'metadata', 'name', 'namespace', 'labels', 'annotations', 'ownerReferences', 'finalizers'],
  ...['spec', 'status', 'replicas', 'selector', 'template', 'containers', 'conditions', 'data', 'target', 'items'],
  ...['epoch', 'counter', 'changed', 'removed', 'pod', 'uid', 'node', 'digest', 'pods', 'sentAt', 'runtimeReady'],
  ...[
    'podUid',
    'sandboxId',
    'containerId',
    'graceMs',
    'image',
    'env',
    'tailLines',
    'sinceTime',
    'limitBytes',
    'follow',
  ],
  ...[
    'limit',
    'continue',
    'resourceVersion',
    'labelSelector',
    'fieldSelector',
    'timeoutSeconds',
    'op',
    'path',
    'value',
  ],
  ...['__proto__', 'constructor', 'toString', 'gracePeriodSeconds', 'propagationPolicy', 'preconditions', 'lines'],
];
const odd = fc.oneof(
  fc.constantFrom<unknown>(null, true, '', 'a', '\u0000', '\ud800', -1, 0.5, 1e308, [], {}, [null], [[]], [{}], {
    a: null,
  }),
  fc.jsonValue(),
);
const { near } = fc.letrec<{ near: unknown; value: unknown }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, odd, tie('near'), fc.array(tie('near'), { maxLength: 2 })),
  near: fc.dictionary(fc.constantFrom(...FIELDS), tie('value'), { maxKeys: 6 }),
}));
const kubeLike = fc
  .record({
    head: fc.constantFrom(
      { apiVersion: 'v1', kind: 'Pod' },
      { apiVersion: 'v1', kind: 'ConfigMap' },
      { apiVersion: 'apps/v1', kind: 'Deployment' },
      { apiVersion: 'v1', kind: 'Event' },
      { apiVersion: 'v9', kind: 'Pod' },
    ),
    body: near,
  })
  .map(({ head, body }) => ({ ...(body as object), ...head }));
const value = fc.oneof(fc.jsonValue(), near, kubeLike, fc.array(near, { maxLength: 3 }));

const utf8 = new TextEncoder();
const deep = (open: string, times: number, close = ''): Uint8Array =>
  utf8.encode(open.repeat(times) + close.repeat(times));

/** A field of which nobody expects that depth, in an object that is as it should be. */
const deepField = (name: string): Uint8Array =>
  utf8.encode(`{"apiVersion":"v1","kind":"ConfigMap","${name}":${'['.repeat(20_000)}${']'.repeat(20_000)}}`);

const encoded = fc
  .tuple(value, fc.constantFrom(JSON_TYPE, YAML_TYPE, MSGPACK_TYPE))
  .map(([body, type]) => encode(body, type));
/** Cut short, or with one byte changed. */
const damaged = fc.tuple(encoded, fc.nat(), fc.nat(255), fc.boolean()).map(([bytes, at, byte, cut]) => {
  const place = at % (bytes.length + 1);
  if (cut) return bytes.slice(0, place);
  const changed = bytes.slice();
  changed[Math.min(place, changed.length - 1)] = byte;
  return changed;
});
const hostile = fc.constantFrom(
  deep('[', 20_000, ']'),
  deep('{"a":', 5_000),
  deep('[', 3_000),
  deep('- ', 3_000),
  deep('{a: ', 2_000, '}'),
  deepField('metadata'),
  deepField('podUid'),
  deepField('pod'),
  deepField('digest'),
  deepField('image'),
  deepField('namespace'),
  new Uint8Array(20_000).fill(0x91), // MessagePack: arrays of one, for ever
  Uint8Array.of(0xdf, 0xff, 0xff, 0xff, 0xff), // a map of four thousand million
  Uint8Array.of(0xc1), // no value at all; then bytes, a moment and a large number
  Uint8Array.of(0xc4, 1, 2),
  Uint8Array.of(0xd6, 0xff, 0, 0, 0, 0),
  Uint8Array.of(0xd4, 0x42, 0),
  Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d),
  utf8.encode('a: &a [x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c]\ne: [*d,*d,*d,*d]'),
  utf8.encode('a: *nobody'),
  utf8.encode('--- a\n--- b\n--- {'),
  utf8.encode('!!js/function "x"'),
  utf8.encode('{"a":1,"a":2}'),
  utf8.encode('{"__proto__":{"status":"Failure"},"kind":"Status"}'),
);
/** Bytes of every encoding, whole, damaged, hostile or none. */
const payload = fc.oneof(
  { weight: 4, arbitrary: encoded },
  { weight: 3, arbitrary: damaged },
  { weight: 1, arbitrary: hostile },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }) },
  { weight: 1, arbitrary: fc.constant(new Uint8Array(0)) },
);
const headers = fc.record(
  {
    [HEADER.contentType]: fc.constantFrom(
      ...[JSON_TYPE, YAML_TYPE, MSGPACK_TYPE, 'application/merge-patch+json', 'application/json-patch+json'],
      ...['text/html', 'application/', ';', 'x'],
    ),
    [HEADER.version]: fc.constantFrom('1', '0', '999', 'x'),
    [HEADER.id]: fc.constantFrom('same', 'a/b/1.0'),
    [HEADER.epoch]: fc.constantFrom('x', 'scheduler:', 'scheduler:-1', 'scheduler:x', ':1'),
    [HEADER.trace]: fc.constantFrom('00-0-0-0', 'x'),
    [HEADER.reply]: fc.constantFrom('troupe.api.master.delete.nodes._.n1', '$JS.API.INFO'),
    [HEADER.latest]: fc.constantFrom('beats', 'x', '__proto__'),
  },
  { requiredKeys: [] },
);

const STORABLE = (KINDS as readonly Kind[]).filter(({ namespaced }) => namespaced);
/** Of replicas there are few, or the cluster has nothing else to do. */
const small = ({ spec, ...rest }: Plain): Plain =>
  isPlain(spec) && typeof spec['replicas'] === 'number'
    ? { ...rest, spec: { ...spec, replicas: spec['replicas'] % 4 } }
    : { ...rest, spec };

/** Objects that can be stored, so that there are some, and that actors have to do with. */
const storable = (prefix: string): fc.Arbitrary<Malformed> =>
  fc
    .constantFrom(...STORABLE)
    .chain((kind) => fc.tuple(fc.constant(kind), fitting(kind, { namespace: 'junk' })))
    .chain(([{ resource, subresources }, object]) =>
      fc
        .constantFrom('create', 'apply', 'update', 'patch', ...subresources.map((each) => `update ${each}`))
        .map((how) => {
          const [verb = '', subresource] = how.split(' ');
          const tokens = { caller: 'anybody', namespace: 'junk', name: (object['metadata'] as { name: string }).name };
          const about = subresource === undefined ? resource : `${resource}/${subresource}`;
          return {
            subject: SUBJECTS.api.subject(prefix, { ...tokens, verb, resource: about }),
            payload: encode(small(object), JSON_TYPE),
            headers: { [HEADER.contentType]: JSON_TYPE },
            addressed: true,
          };
        }),
    );

/** Whatever may arrive on the subjects of a family. */
export function malformedOn(family: Family, prefix: string): fc.Arbitrary<Malformed> {
  const any = fc.record({ at: subjectOf(family, prefix), payload, headers }).map(({ at, ...rest }) => ({
    ...at,
    payload: rest.payload,
    headers: Object.fromEntries(Object.entries(rest.headers).filter(([, text]) => text !== undefined)),
  }));
  return family.template === SUBJECTS.api.template ? fc.oneof(any, storable(prefix)) : any;
}

/** Placeholders of which every value is another question. */
const QUESTIONS = ['verb', 'op', 'actor'];

/** Subjects of a family that lead to somebody: one for every question that can be asked on it. */
export function addressedSubjects(family: Family, prefix: string): readonly string[] {
  let found: readonly Readonly<Record<string, string>>[] = [{}];
  for (const part of family.template.split('.')) {
    if (!part.startsWith('<')) continue;
    const name = part.slice(1, -1);
    const known = KNOWN[name] ?? ANY;
    const values = QUESTIONS.includes(name) ? known : known.slice(0, 1);
    found = found.flatMap((tokens) => values.map((each) => ({ ...tokens, [name]: each })));
  }
  return found.map((tokens) => family.subject(prefix, tokens));
}

/** Families whose questions are asked by the subject alone: what else is in them is not read. */
const WITHOUT_BODY: readonly string[] = [SUBJECTS.actor.template];

/** What may be asked of a node's runtime without a word: there null says as much. */
const WORDLESS_OPS: readonly RuntimeOp[] = ['info', 'list'];

/** No answer but a refusal fits: it cannot be read as what its content-type says, or is not of the shape that every question has. */
export function mustBeRefused(
  { template }: Family,
  { subject, payload, headers }: Omit<Malformed, 'addressed'>,
): boolean {
  if (WITHOUT_BODY.includes(template)) return false;
  const manifest = template === SUBJECTS.apply.template;
  if (payload.length === 0) return manifest;
  try {
    const documents = decodeAll(payload, headers[HEADER.contentType]);
    if (manifest) return !documents.some(isPlain);
    const toApi = template === SUBJECTS.api.template;
    const wordless =
      template === SUBJECTS.nodeMetrics.template ||
      (template === SUBJECTS.runtime.template && WORDLESS_OPS.some((op) => subject.endsWith(`.${op}`)));
    // To the api-server a list may be a JSON patch, and null says as much as nothing; MessagePack has a word for nothing itself.
    const fits = (one: unknown): boolean =>
      one === undefined || isPlain(one) || (toApi && Array.isArray(one)) || ((toApi || wordless) && one === null);
    return documents.length > 1 || !documents.every(fits);
  } catch {
    return true;
  }
}

/** Messages of `bytes` bytes: whole objects and mere noise, in every encoding. */
export function oversized(
  bytes: number,
): readonly { readonly type: string | undefined; readonly payload: Uint8Array }[] {
  const body = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'big' },
    data: { big: 'x'.repeat(bytes - 200) },
  };
  return [
    ...[JSON_TYPE, MSGPACK_TYPE, YAML_TYPE].map((type) => ({ type, payload: encode(body, type as typeof JSON_TYPE) })),
    { type: undefined, payload: new Uint8Array(bytes) },
    { type: MSGPACK_TYPE, payload: new Uint8Array(bytes).fill(0x91) },
    { type: JSON_TYPE, payload: new Uint8Array(bytes).fill(0x5b) },
    { type: YAML_TYPE, payload: utf8.encode('- '.repeat(bytes / 2)) },
  ];
}
