import { Host, type HostOptions } from '../../actors/kernel/nats/nats-host.ts';
import { inboxPrefix } from '../../contracts/subjects/inbox.ts';

/** The host of a process `one` without a cache, lease or recorder, unless it is given them. */
export const testHost = (options: Pick<HostOptions, 'connection'> & Partial<HostOptions>): Host =>
  new Host({
    prefix: 'troupe',
    caller: 'system',
    instance: 'one',
    inboxPrefix: inboxPrefix(options.caller ?? 'system'),
    build: 'test',
    log: () => undefined,
    ...options,
  });
