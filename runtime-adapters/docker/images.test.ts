import { Readable } from 'node:stream';
import { afterEach, expect, it, vi } from 'vitest';
import type { StatusError } from '../../contracts/errors/status.ts';
import { runtimeCause } from '../../contracts/runtime/errors.ts';
import type { Engine } from './engine.ts';
import { Images } from './images.ts';

afterEach(() => void vi.useRealTimers());

it("a pull that stalls is the registry's failure, not a missing engine", async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const stream = new Readable({ read: () => undefined });
  stream.push('{"status":"Downloading"}\n');
  const images = new Images({ pull: () => Promise.resolve(stream) } as unknown as Engine);
  const refused = images.pull('web:1').then(
    () => expect.unreachable(),
    (error: StatusError) => error,
  );
  await vi.advanceTimersByTimeAsync(120_000);
  const error = await refused;
  expect(runtimeCause(error)).toBe('ErrImagePull');
  expect(error).toMatchObject({
    reason: 'ServiceUnavailable',
    message: expect.stringContaining('nothing came for 60 s'),
  });
});
