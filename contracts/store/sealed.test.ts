import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../kinds/kinds.ts';
import { clusterKey, IV_BYTES, isSealed, seal, unseal } from './sealed.ts';

const cluster = clusterKey(new Uint8Array(32).fill(7));
const other = clusterKey(new Uint8Array(32).fill(8));
const iv = new Uint8Array(IV_BYTES).fill(1);
const key = 'secrets.default.db';
const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: 'db',
    annotations: { note: 'kept', 'kubectl.kubernetes.io/last-applied-configuration': 'hunter2' },
  },
  type: 'Opaque',
  data: { password: 'aHVudGVyMg==' },
} as unknown as KubeObject;

describe('sealed secrets', () => {
  it('come back whole, and show nothing but names meanwhile', () => {
    const sealed = seal(key, secret, cluster, iv);
    expect(isSealed(sealed)).toBe(true);
    const bytes = JSON.stringify(sealed);
    for (const word of ['aHVudGVyMg==', 'hunter2', 'password']) expect(bytes).not.toContain(word);
    expect(bytes).toContain('"note":"kept"');
    expect(unseal(key, sealed, cluster)).toEqual(secret);
    expect(unseal(key, secret, undefined)).toBe(secret);
  });

  const sealed = seal(key, secret, cluster, iv) as unknown as { sealed: { box: string; v: number } };
  const bent = (part: object) => ({ ...sealed, sealed: { ...sealed.sealed, ...part } }) as unknown as KubeObject;
  it.each([
    { why: 'no key', at: key, object: bent({}), held: undefined, says: /no key; start it with the key that sealed it/ },
    { why: 'another key', at: key, object: bent({}), held: other, says: /this process has key/ },
    {
      why: 'moved to another name',
      at: 'secrets.default.x',
      object: bent({}),
      held: cluster,
      says: /altered or moved/,
    },
    { why: 'altered', at: key, object: bent({ box: 'AAAA' }), held: cluster, says: /altered or moved/ },
    { why: 'a newer format', at: key, object: bent({ v: 2 }), held: cluster, says: /has format 2/ },
  ])('are refused clearly: $why', ({ at, object, held, says }) => {
    expect(() => unseal(at, object, held)).toThrow(says);
  });
});
