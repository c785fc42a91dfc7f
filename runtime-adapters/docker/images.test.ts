import { Readable } from 'node:stream';
import { afterEach, expect, it, vi } from 'vitest';
import type { StatusError } from '../../contracts/errors/status.ts';
import { runtimeCause } from '../../contracts/runtime/errors.ts';
import type { Engine } from './engine.ts';
import { Images, isImageName } from './images.ts';

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
    message: expect.stringContaining('no progress for 60 s'),
  });
});

it.each([
  'web',
  'docker.io/library/web:1.27',
  'localhost:5000/a/b_c--d:v..1',
  '[::1]:5000/web',
  `web@sha256:${'a'.repeat(64)}`,
  `sha256:${'a'.repeat(64)}`,
])('%s may be a name of an image', (name) => expect(isImageName(name)).toBe(true));

it.each([
  '..',
  'a/../../info',
  '../containers/json?x=',
  'get?names=web&x=',
  'search?term=web&x=',
  'web#',
  'we%2fb',
  'a b',
  'web\n',
  'a//b',
  'wéb',
  'a'.repeat(1025),
])('%j is no name: the engine is not asked', async (image) => {
  const images = new Images({
    getImage: () => expect.unreachable(),
    pull: () => expect.unreachable(),
  } as unknown as Engine);
  for (const asked of [() => images.find(image), () => images.pull(image)]) {
    const error = await asked().then(
      () => expect.unreachable(),
      (refusal: StatusError) => refusal,
    );
    expect(runtimeCause(error)).toBe('InvalidImageName');
    expect(error.message).toMatch(/^(look for|pull) image .*: invalid reference format; correct the image's name$/s);
    expect(error.message.length).toBeLessThan(400);
  }
});
