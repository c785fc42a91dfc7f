import { expect, it } from 'vitest';
import { maskSecrets } from './mask-secrets.ts';

const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'db', annotations: { 'last-applied': '{"data":{"password":"aHVzaA=="}}' } },
  data: { password: 'aHVzaA==' },
  stringData: { user: 'hush' },
};
const pod = { kind: 'Pod', metadata: { name: 'web', annotations: { a: 'b' } }, spec: { data: 1 } };

it.each([
  { why: 'a Secret', value: secret },
  { why: 'one among the documents of a manifest', value: [pod, secret] },
  { why: 'one that the store is asked to write', value: { key: 'secrets.a.db', object: secret, expect: 0 } },
  { why: 'an event of a watch', value: { type: 'ADDED', object: secret } },
  {
    why: 'a list, whose items have no kind',
    value: { kind: 'SecretList', items: [{ metadata: secret.metadata, data: secret.data }] },
  },
  { why: 'cells', value: { 'watch/1': { pending: [secret] } } },
])('$why: names are shown, values are not', ({ value }) => {
  const text = JSON.stringify(maskSecrets(value));
  expect(text).toContain('password');
  expect(text).toContain('(not shown)');
  expect(text).not.toMatch(/aHVzaA|hush/);
});

it('everything else stays the very same', () => {
  const value = { items: [pod], text: 'Secret', nothing: null, list: [1, [2]], kind: 'List' };
  expect(maskSecrets(value)).toBe(value);
  expect(maskSecrets(undefined)).toBeUndefined();
});
