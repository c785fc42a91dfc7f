import { afterEach, expect, it, vi } from 'vitest';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { type HostActorsOptions, hostActors } from './host-actors.ts';

afterEach(() => vi.unstubAllEnvs());

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
