import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AdmitOptions, admit } from '../../contracts/kinds/admit.ts';
import type { Kind } from '../../contracts/kinds/kind.ts';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import { KINDS } from '../../contracts/kinds/registry.ts';
import { fitting } from '../support/fitting.ts';

/**
 * Goal: what is stored of an object can be stored again, shown in every version, printed and selected by.
 * Method: for every kind, objects with fields that it has and values that nobody would choose, created and then updated.
 */
const stamp = { uid: 'u-1', creationTimestamp: '2026-01-01T00:00:00Z', nameSuffix: 'abcde' };

function expectSound(kind: Kind, object: KubeObject): void {
  expect(JSON.parse(JSON.stringify(object))).toEqual(object);
  for (const operation of ['update', 'status'] as const) {
    expect(admit(kind, structuredClone(object), { operation, old: object })).toEqual({ object });
  }
  for (const version of kind.versions) {
    const shown = version.fromStorage?.(object) ?? object;
    const { object: back = object } = admit(kind, shown, { operation: 'update', old: object });
    expect(back).toEqual(object);
  }
  for (const column of kind.columns) expect(column.value(object, Date.now()), column.name).toBeTypeOf('string');
  for (const select of Object.values(kind.selectableFields)) expect(select(object)).toBeTypeOf('string');
}

describe.each((KINDS as readonly Kind[]).map((kind) => [kind.kind, kind] as const))('%s', (_name, kind) => {
  const taken = (input: unknown, options: AdmitOptions): KubeObject | undefined => {
    const { object, status } = admit(kind, input, options);
    expect((object === undefined) !== (status === undefined)).toBe(true);
    if (object !== undefined) expectSound(kind, object);
    return object;
  };
  it('is refused, or stored soundly', () => {
    fc.assert(
      fc.property(fitting(kind), fitting(kind), (made, edited) => {
        const old = taken(made, { operation: 'create', stamp });
        if (old === undefined) return;
        const before = structuredClone(old);
        taken(edited, { operation: 'update', old });
        taken(edited, { operation: 'status', old });
        expect(old).toEqual(before);
      }),
      { endOnFailure: true },
    );
  });
});
