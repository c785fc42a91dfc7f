import { expect, it } from 'vitest';
import { StatusError } from '../../contracts/errors/status.ts';
import type { ContainerConfig, EnvEntry } from '../../contracts/runtime/config.ts';
import { runtimeCause } from '../../contracts/runtime/errors.ts';
import { expand, resolveConfig, secretsOf } from './resolve-env.ts';

const config = (env: readonly EnvEntry[], more: Partial<ContainerConfig> = {}): ContainerConfig => ({
  pod: { uid: 'u', namespace: 'team', name: 'web' },
  sandboxId: 's',
  name: 'main',
  attempt: 0,
  specHash: 'h',
  image: 'i',
  env,
  ...more,
});
const secret = { namespace: 'team', name: 'db' };
const held = new Map([['team/db', { password: 'p$(A)w', user: 'root', 'bad=name': 'x' }]]);

it.each([
  { why: 'a reference', words: '$(A)/x', is: 'a/x' },
  { why: 'several', words: '$(A)$(B)', is: 'ab' },
  { why: 'an unknown name stays', words: '$(NOPE)', is: '$(NOPE)' },
  { why: 'two dollars are one', words: '$$(A) $$', is: '$(A) $' },
  { why: 'three', words: '$$$(A)', is: '$a' },
  { why: 'what is no reference stays', words: '$A ${A} $(A $', is: '$A ${A} $(A $' },
  { why: 'a value is not expanded again', words: '$(C)', is: '$(A)' },
])('expands $why', ({ words, is }) => {
  const env = new Map([
    ['A', 'a'],
    ['B', 'b'],
    ['C', '$(A)'],
  ]);
  expect(expand(words, env)).toBe(is);
});

it.each<{ why: string; env: readonly EnvEntry[]; is: Record<string, string> }>([
  {
    why: 'refers to earlier ones only',
    env: [
      { name: 'B', value: '$(A)' },
      { name: 'A', value: '1' },
      { name: 'C', value: '$(A)' },
    ],
    is: { B: '$(A)', A: '1', C: '1' },
  },
  {
    why: 'a later one wins',
    env: [
      { name: 'A', value: '1' },
      { name: 'A', value: '2' },
    ],
    is: { A: '2' },
  },
  {
    why: 'literal values stay',
    env: [
      { name: 'A', value: '1' },
      { name: 'B', value: '$(A)', literal: true },
    ],
    is: { A: '1', B: '$(A)' },
  },
  {
    why: 'a key of a secret, as it is',
    env: [{ name: 'P', secretKeyRef: { ...secret, key: 'password' } }],
    is: { P: 'p$(A)w' },
  },
  {
    why: 'a whole secret, without what can not be a name',
    env: [{ secretRef: secret, prefix: 'DB_' }],
    is: { DB_password: 'p$(A)w', DB_user: 'root' },
  },
  {
    why: 'optional secrets may be missing',
    env: [
      { secretRef: { namespace: 'team', name: 'no', optional: true } },
      { name: 'P', secretKeyRef: { ...secret, key: 'no', optional: true } },
    ],
    is: {},
  },
])('environment: $why', ({ env, is }) => {
  const resolved = resolveConfig(config(env), held);
  expect(Object.fromEntries((resolved.env ?? []).map(({ name, value }) => [name, value]))).toEqual(is);
});

it('expands command and args, secrets too', () => {
  const env = [{ name: 'U', secretKeyRef: { ...secret, key: 'user' } }];
  const resolved = resolveConfig(config(env, { command: ['run', '$(U)'], args: ['--as=$(U)', '$$(U)'] }), held);
  expect(resolved).toMatchObject({ command: ['run', 'root'], args: ['--as=root', '$(U)'] });
});

it.each<{ why: string; entry: EnvEntry; words: string }>([
  { why: 'no such secret', entry: { secretRef: { namespace: 'team', name: 'no' } }, words: 'secret "no" not found' },
  {
    why: 'no such key',
    entry: { name: 'P', secretKeyRef: { ...secret, key: 'no' } },
    words: "couldn't find key no in Secret team/db",
  },
  {
    why: 'a key that every object has',
    entry: { name: 'P', secretKeyRef: { ...secret, key: 'toString' } },
    words: "couldn't find key toString in Secret team/db",
  },
])('refuses: $why', ({ entry, words }) => {
  let refusal: unknown;
  try {
    resolveConfig(config([entry]), held);
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(StatusError);
  expect(runtimeCause(refusal as StatusError)).toBe('CreateContainerConfigError');
  expect((refusal as StatusError).message).toBe(words);
});

it('names each secret once', () => {
  const env = [
    { secretRef: secret },
    { name: 'P', secretKeyRef: { ...secret, key: 'user' } },
    { name: 'A', value: '' },
  ];
  expect(secretsOf(env)).toHaveLength(1);
  expect(secretsOf(undefined)).toEqual([]);
});

it('refuses references to references that grow without end', () => {
  const env: EnvEntry[] = [{ name: 'V0', value: 'x'.repeat(1000) }];
  for (let at = 1; at < 10; at++) env.push({ name: `V${at}`, value: `$(V${at - 1})`.repeat(8) });
  const cause = (more: Partial<ContainerConfig>, upTo: number): unknown => {
    try {
      return resolveConfig(config(env.slice(0, upTo), more), held).env?.length;
    } catch (error) {
      return error instanceof StatusError ? runtimeCause(error) : error;
    }
  };
  expect(cause({}, 4)).toBe(4);
  expect(cause({}, 10)).toBe('CreateContainerConfigError');
  const large = new Map([['team/db', { key: 'x'.repeat(900_000) }]]);
  const named = (times: number): EnvEntry[] =>
    Array.from({ length: times }, (_, at) => ({ secretRef: secret, prefix: `P${at}` }));
  expect(resolveConfig(config(named(4)), large).env).toHaveLength(4);
  expect(() => resolveConfig(config(named(1000)), large)).toThrow('more than 4 MiB');
  expect(cause({ args: Array.from({ length: 100 }, () => '$(V2)') }, 3)).toBe('CreateContainerConfigError');
});
