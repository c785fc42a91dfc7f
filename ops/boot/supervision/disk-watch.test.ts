import { afterEach, expect, it, vi } from 'vitest';
import { watchDisk } from './disk-watch.ts';

const FULL =
  '[1] 2026/11/28 02:23:14.07 [ERR] Filestore [x] Critical write error: write /s/1.blk: no space left on device';
const MIB = 2 ** 20;

afterEach(() => {
  vi.useRealTimers();
});

it('a server whose disk was full is started anew once there is room, and a person told both, once', async () => {
  vi.useFakeTimers();
  const said: string[] = [];
  const disk = { freeBytes: 0, totalBytes: 80 * MIB };
  const restart = vi.fn(async () => watch.hear(FULL)); // its last words
  const watch = watchDisk({ folder: '/store', say: (text) => said.push(text), restart, look: () => disk });
  watch.hear('[1] 2026/11/28 02:23:14.07 [INF] Server is ready');
  watch.hear(FULL);
  watch.hear(FULL);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(restart).not.toHaveBeenCalled();
  disk.freeBytes = 40 * MIB;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(restart).toHaveBeenCalledTimes(1);
  expect(said).toEqual([
    'nats-server cannot write to /store: the disk is full, 0.0 MiB free; nothing is stored until 4.0 MiB are free: free some space',
    '/store has free space again (40 MiB): restarting nats-server',
  ]);
  watch.hear(FULL); // it came late
  await vi.advanceTimersByTimeAsync(60_000);
  expect(restart).toHaveBeenCalledTimes(1);
  watch.hear(FULL.replace('[1]', '[2]'));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(restart).toHaveBeenCalledTimes(2);
  watch.stop();
});
