import { expect, it } from 'vitest';
import { DockerRuntime } from './docker-runtime.ts';
import type { Engine } from './engine.ts';

it('a program whose name can be no path is refused before the engine is asked', async () => {
  const created: unknown[] = [];
  const engine = {
    createContainer: async (options: unknown) => {
      created.push(options);
      return { id: 'c' };
    },
  } as unknown as Engine;
  const runtime = new DockerRuntime({ node: 'n', engine });
  const pod = { uid: 'u', namespace: 'ns', name: 'web' };
  const config = { pod, sandboxId: 's', name: 'main', attempt: 0, specHash: 'h', image: 'sha256:1' };
  await expect(runtime.createContainer({ ...config, command: ['x'.repeat(4096)] })).rejects.toMatchObject({
    reason: 'Invalid',
    message: expect.stringMatching(/^create container main of pod ns\/web: .*; correct command$/),
  });
  expect(created).toEqual([]);
  const words = ['/bin/sh', '-c', 'x'.repeat(100_000)];
  expect(await runtime.createContainer({ ...config, command: words })).toBe('c');
});
