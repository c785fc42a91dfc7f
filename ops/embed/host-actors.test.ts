import { randomBytes } from 'node:crypto';
import { afterEach, expect, it, vi } from 'vitest';
import type { ActorDefinition } from '../../actors/kernel/declare.ts';
import { NatsCache } from '../../actors/kernel/nats/nats-cache.ts';
import { Host } from '../../actors/kernel/nats/nats-host.ts';
import { scheduler } from '../../actors/scheduler/scheduler.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { runMaster } from '../boot/roles/master.ts';
import { type HostActorsOptions, hostActors } from './host-actors.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

it('what is given as undefined is left out: the environment says it', async () => {
  const server = await startNatsServer();
  try {
    vi.stubEnv('TROUPE_URL', server.url);
    const unsaid = {
      url: undefined,
      seed: undefined,
      prefix: undefined,
      log: undefined,
    } as unknown as HostActorsOptions;
    await expect(hostActors([], { ...unsaid, user: 'master' })).rejects.toThrow(
      `host actors: no cluster with prefix troupe has its store on ${server.url}; `,
    );
  } finally {
    await server.stop();
  }
});

it('what is stopped twice ends once, and in order', { timeout: 30_000 }, async () => {
  const server = await startNatsServer();
  const told: string[] = [];
  const role = { url: server.url, prefix: 'troupe', user: 'master', record: true, log: () => undefined };
  const clusterKeyBytes = randomBytes(32);
  const master = await runMaster({ ...role, instance: 'm1', clusterKeyBytes, singletons: false });
  try {
    const stopped = vi.spyOn(Host.prototype, 'stop');
    const hosted = await hostActors([scheduler], { ...role, log: (line) => told.push(line) });
    await Promise.all([hosted.stop(), hosted.stop()]);
    await hosted.stop();
    expect(stopped).toHaveBeenCalledOnce();
    expect(told).toEqual([]);
  } finally {
    await master.stop();
    await server.stop();
  }
});

it('where one of them cannot be hosted, nothing of the others goes on', { timeout: 30_000 }, async () => {
  const server = await startNatsServer();
  const role = { url: server.url, prefix: 'troupe', user: 'master', record: false, log: () => undefined };
  const clusterKeyBytes = randomBytes(32);
  const master = await runMaster({ ...role, instance: 'm1', clusterKeyBytes, singletons: false });
  try {
    const stopped = vi.spyOn(Host.prototype, 'stop');
    const closed = vi.spyOn(NatsCache.prototype, 'close');
    const odd = { ...scheduler, name: 'odd', hears: { pods: { hear: 'calls' } } } as unknown as ActorDefinition;
    await expect(hostActors([scheduler, { ...odd, singleton: false }], role)).rejects.toThrow(TypeError);
    expect(stopped).toHaveBeenCalledOnce();
    expect(closed).toHaveBeenCalledOnce(); // else it would try for ever to open what it reads from
  } finally {
    await master.stop();
    await server.stop();
  }
});
