import fc from 'fast-check';
import { expect, it } from 'vitest';
import { StatusError } from '../../contracts/errors/status.ts';
import { RUNTIME_OPS, type RuntimeOp } from '../../contracts/runtime/ops.ts';
import { PARSE_OP } from './parse-ops.ts';

const pod = { uid: 'u', namespace: 'n', name: 'p' };
const container = { pod, sandboxId: 's', name: 'c', attempt: 0, specHash: '', image: 'i' };

it.each<{ op: RuntimeOp; body: unknown; is?: unknown }>([
  { op: 'info', body: undefined, is: {} },
  { op: 'list', body: undefined, is: {} },
  { op: 'list', body: { podUid: 'u', later: 1 }, is: { podUid: 'u' } },
  { op: 'runPodSandbox', body: { pod, attempt: 1, ports: [{ containerPort: 80, hostPort: 8080, protocol: 'UDP' }] } },
  { op: 'createContainer', body: container },
  { op: 'createContainer', body: { ...container, command: null }, is: container },
  {
    op: 'createContainer',
    body: {
      ...container,
      env: [
        { name: 'A', value: '' },
        { secretRef: { namespace: 'n', name: 's' }, prefix: 'X_' },
        { name: 'B', secretKeyRef: { namespace: 'n', name: 's', key: 'k', optional: true } },
      ],
    },
  },
  { op: 'stopContainer', body: { containerId: 'c', graceMs: 0 } },
  { op: 'stopContainer', body: { containerId: 'c', graceMs: 2 ** 31 - 1 } },
  { op: 'logs', body: { namespace: 'n', pod: 'p', follow: true, tailLines: 0 } },
])('reads $op', ({ op, body, is = body }) => {
  expect(PARSE_OP[op](body, '')).toEqual(is);
});

it.each<{ op: RuntimeOp; body: unknown; path: string }>([
  { op: 'list', body: [], path: 'the body' },
  { op: 'list', body: { podUid: 7 }, path: 'podUid' },
  { op: 'runPodSandbox', body: { pod: { ...pod, uid: '' }, attempt: 0 }, path: 'pod.uid' },
  { op: 'runPodSandbox', body: { pod, attempt: -1 }, path: 'attempt' },
  {
    op: 'runPodSandbox',
    body: { pod, attempt: 0, ports: [{ containerPort: 80 }, { containerPort: 70_000 }] },
    path: 'ports[1].containerPort',
  },
  { op: 'createContainer', body: { ...container, args: 'one' }, path: 'args' },
  { op: 'createContainer', body: { ...container, env: [{ name: 'A' }] }, path: 'env[0].value' },
  {
    op: 'createContainer',
    body: { ...container, env: [{ name: 'A', secretKeyRef: { namespace: 'n', name: 's' } }] },
    path: 'env[0].secretKeyRef.key',
  },
  { op: 'stopContainer', body: { containerId: 'c', graceMs: 1.5 }, path: 'graceMs' },
  { op: 'stopContainer', body: { containerId: 'c', graceMs: 2 ** 31 }, path: 'graceMs' },
  { op: 'startContainer', body: Object.create({ containerId: 'inherited' }), path: 'the body' },
  { op: 'list', body: Uint8Array.of(2), path: 'the body' },
])('refuses $op with the path $path', ({ op, body, path }) => {
  const read = (): unknown => PARSE_OP[op](body, '');
  expect(read).toThrow(StatusError);
  expect(read).toThrow(path);
});

it('refuses what is nested too deeply to be shown', () => {
  const deep: unknown = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`);
  expect(() => PARSE_OP.startContainer(deep, '')).toThrow('the body must be a map');
  expect(() => PARSE_OP.startContainer({ containerId: deep }, '')).toThrow('containerId must be text');
});

it('refuses whatever else comes with a Status, never otherwise', () => {
  fc.assert(
    fc.property(fc.constantFrom(...RUNTIME_OPS), fc.anything(), (op, body) => {
      try {
        PARSE_OP[op](body, '');
      } catch (error) {
        expect(error).toBeInstanceOf(StatusError);
      }
    }),
  );
});
