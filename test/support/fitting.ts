import fc from 'fast-check';
import { isPlain, type Plain } from '../../contracts/json-values.ts';
import type { Kind } from '../../contracts/kinds/kind.ts';
import { type Basic, type FieldNode, type TypeNode, typeNode } from '../../contracts/kinds/schema.ts';

/** Texts that some rule, table or parser looks at, and some that nobody expects. */
const TEXTS = [
  ...['', 'a', 'b', 'A_', 'main', 'default', 'n1', '\u0000', '\ud800', 'é', ' ', 'a b', 'a/b', '/a', '..', '-'],
  ...['__proto__', 'constructor', 'toString', 'x'.repeat(300)],
  ...['Always', 'Never', 'OnFailure', 'IfNotPresent', 'ClusterFirst', 'RollingUpdate', 'Recreate', 'TCP', 'HTTP'],
  ...['NoSchedule', 'NoExecute', 'PreferNoSchedule', 'Equal', 'In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'],
  ...['Pending', 'Running', 'Succeeded', 'Failed', 'True', 'False', 'Unknown', 'Ready', 'PodScheduled', 'Opaque'],
  ...['Pod', 'Deployment', 'ReplicaSet', 'Node', 'v1', 'apps/v1', 'Normal', 'Warning', 'orphan', 'kubernetes'],
  ...['1', '0', '-1', '10%', '200%', '1e3', '10.0.0.1', '::1', '10.1.0.0/24', 'kubernetes.io/hostname', 'uid-1'],
  ...['metadata.name', 'spec.nodeName', "metadata.labels['a']", 'limits.cpu', 'foregroundDeletion', 'example.com/a'],
];
const TIMES = [
  ...['2026-01-01T00:00:00Z', '2026-01-01t00:00:00.000001z', '2016-12-31T23:59:60Z', '2026-99-99T99:99:99Z'],
  ...['0000-01-01T00:00:00+23:59', '9999-12-31T23:59:59.999999999-23:59', '2026-02-30T00:00:00+99:99'],
];
const QUANTITIES = [
  ...['1', '0', '-1', '250m', '1Ki', '1.5Gi', '.5', '5.', '+1', '1e-9', '1n', '9E', '999999999999999999Ei'],
  ...['1e308', '-1e308', '1e-308', 1, 0, -1, 0.1, 1e21, 1e-7],
];
const VALUES: Readonly<Record<Basic, fc.Arbitrary<unknown>>> = {
  string: fc.constantFrom(...TEXTS),
  boolean: fc.boolean(),
  int32: fc.constantFrom(0, 1, 2, 80, -1, 65_535, 65_536, 2 ** 31 - 1, -(2 ** 31)),
  number: fc.double({ noNaN: true, noDefaultInfinity: true }),
  int64: fc.constantFrom(0, 1, 2, 30, -1, 2 ** 31, 2 ** 53 - 1, -(2 ** 53) + 1),
  time: fc.constantFrom(...TIMES),
  microtime: fc.constantFrom(...TIMES),
  bytes: fc.constantFrom('', 'YQ==', 'YQ=', 'YWJj\n', '/////w=='),
  quantity: fc.constantFrom<unknown>(...QUANTITIES),
  'int-or-string': fc.constantFrom<unknown>(0, 1, 80, -1, 2 ** 31 - 1, '', '1', '25%', '0%', '101%', '-1%', 'http'),
  any: fc.jsonValue({ maxDepth: 2 }),
};
const KEYS = fc.constantFrom(
  ...['a', 'b', 'app', 'cpu', 'memory', 'pods', 'example.com/a', 'kubernetes.io/hostname', '', 'A', 'a/b/c'],
  ...['__proto__', 'constructor', 'toString', 'x'.repeat(80)],
);
const AMISS = fc.oneof(fc.constantFrom<unknown>(null, '', 0, [], {}, [null], true), fc.jsonValue({ maxDepth: 1 }));

interface Fit {
  /** How many of a hundred fields that may be left out are there. */
  readonly there: number;
  /** How many of a hundred values are of another type. */
  readonly amiss: number;
  readonly depth: number;
}

const orAmiss = ({ amiss }: Fit, right: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  amiss === 0 ? right : fc.oneof({ weight: 100 - amiss, arbitrary: right }, { weight: amiss, arbitrary: AMISS });

function valueOf(field: FieldNode, fit: Fit): fc.Arbitrary<unknown> {
  const one = orAmiss(
    fit,
    field.type === undefined ? VALUES[field.basic ?? 'any'] : structOf(field.type, { ...fit, depth: fit.depth - 1 }),
  );
  if (field.shape === 'list') return orAmiss(fit, fc.array(one, { maxLength: 3 }));
  return field.shape === 'map' ? orAmiss(fit, fc.dictionary(KEYS, one, { maxKeys: 3, noNullPrototype: true })) : one;
}

function structOf(type: TypeNode, fit: Fit): fc.Arbitrary<Plain> {
  const entries = [...type.fields.values()].map((field) =>
    fc.nat(99).chain((roll): fc.Arbitrary<readonly (readonly [string, unknown])[]> => {
      const there = field.required ? roll >= fit.amiss : roll < fit.there && (fit.depth > 0 || !field.type);
      return there ? valueOf(field, fit).map((value) => [[field.name, value]]) : fc.constant([]);
    }),
  );
  return fc.tuple(...entries).map((fields) => Object.fromEntries(fields.flat()));
}

const spec = { containers: [{ name: 'main', image: 'a' }] };
const set = {
  spec: { selector: { matchLabels: { app: 'a' } }, template: { metadata: { labels: { app: 'a' } }, spec } },
};
/** What an object of a kind needs, so that the rest of it is looked at. */
const NEEDED: Readonly<Record<string, Plain>> = {
  Pod: { spec },
  Deployment: set,
  ReplicaSet: set,
  Event: { involvedObject: { kind: 'Pod', namespace: 'default', name: 'a' } },
};

/** `value` with all of `needed` in it. */
function including(needed: unknown, value: unknown): unknown {
  if (Array.isArray(needed) && Array.isArray(value)) return [including(needed[0], value[0]), ...value.slice(1)];
  if (!isPlain(needed) || !isPlain(value)) return needed;
  const merged = new Map(Object.entries(value));
  for (const [name, part] of Object.entries(needed)) merged.set(name, including(part, merged.get(name)));
  return Object.fromEntries(merged);
}

/** Objects of a kind with fields that it has and values that nobody would choose; most can be stored. */
export function fitting(
  kind: Kind,
  {
    names = ['a', 'b'],
    namespace = 'default',
  }: { readonly names?: readonly string[]; readonly namespace?: string } = {},
): fc.Arbitrary<Plain> {
  const fits = fc.record({
    there: fc.constantFrom(2, 5, 10, 30),
    amiss: fc.constantFrom(0, 0, 1),
    depth: fc.constantFrom(3, 6),
  });
  return fc.tuple(fits, fc.constantFrom(...names)).chain(([fit, name]) =>
    structOf(kind.type ?? typeNode(kind.kind), fit).map((made) => {
      const metadata = { name, ...(kind.namespaced ? { namespace } : {}) };
      const { apiVersion: _, kind: __, ...object } = including({ ...NEEDED[kind.kind], metadata }, made) as Plain;
      if (isPlain(object['metadata'])) {
        delete object['metadata']['resourceVersion'];
        if (!kind.namespaced) delete object['metadata']['namespace'];
      }
      return object;
    }),
  );
}
