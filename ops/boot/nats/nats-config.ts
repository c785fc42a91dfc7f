import type { Permissions } from '../users/plan-permissions.ts';

export interface NatsUser {
  readonly name: string;
  /** nkey, `U...` */
  readonly publicKey: string;
  readonly permissions: Pick<Permissions, 'publish' | 'subscribe'>;
}

export interface NatsServerSettings {
  /** What it calls itself; `troupe` by default. */
  readonly name?: string;
  readonly port: number;
  readonly storeDir: string;
  /** `always`: nothing is acknowledged that is not on the disk; a duration: a power cut loses at most that much. */
  readonly sync: string;
  readonly users: readonly NatsUser[];
}

/** An object may be 1.5 MiB, a batch of journal or a manifest more. */
export const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;

/** Either side asks this often whether the other is still there; after two unanswered questions it hangs up. */
export const PING_EVERY_MS = 10_000;

const quoted = (text: string): string => JSON.stringify(text);

const list = (patterns: readonly string[]): string =>
  patterns.length === 0
    ? '{ deny: ">" }' // an empty list would allow everything
    : `{ allow: [\n${patterns.map((pattern) => `          ${quoted(pattern)}`).join('\n')}\n        ] }`;

function userBlock({ name, publicKey, permissions }: NatsUser): string {
  return `    # ${name.replaceAll(/[^\x20-\x7e]/g, '?')}
    {
      nkey: ${publicKey}
      permissions: {
        publish: ${list(permissions.publish)}
        subscribe: ${list(permissions.subscribe)}
      }
    }`;
}

/** Who may connect, and what the server lets each of them do. */
export const authorizationBlock = (users: readonly NatsUser[]): string => `authorization: {
  users: [
${users.map(userBlock).join('\n')}
  ]
}`;

/** What Troupe needs of any server beside JetStream. */
const NEEDS = `max_payload: ${MAX_PAYLOAD_BYTES}
max_pending: ${16 * MAX_PAYLOAD_BYTES}
# A process that hangs must not be given questions for the six minutes that are the default.
ping_interval: "${PING_EVERY_MS / 1000}s"
ping_max: 2`;

/**
 * For a nats-server of somebody's own, to be included in its configuration: the users and what else Troupe needs of a
 * server. Holds public keys alone. Pure.
 * @param account puts the users into an account of that name, beside others of the server; else they are the only ones
 */
export function externalServerConfig(users: readonly NatsUser[], account?: string): string {
  const indented = authorizationBlock(users).split('\n').slice(1, -1).join('\n');
  const who =
    account === undefined
      ? authorizationBlock(users)
      : `accounts: {\n  ${quoted(account)}: {\n  jetstream: enabled\n${indented}\n  }\n}`;
  return `# Printed by "troupe permissions"; print it again when users, nodes or the version of troupe change.
# Include it in the configuration of a nats-server (2.12.6 or newer) whose JetStream is on:
#   jetstream: { store_dir: "/var/lib/nats" }
#   include "./troupe.conf"
${NEEDS}
${who}
`;
}

/** The configuration file of the embedded nats-server. Pure; the same settings give the same text. */
export function natsServerConfig(settings: NatsServerSettings): string {
  return `# Written by troupe at every start and every change of users; edits are lost.
listen: "127.0.0.1:${settings.port}"
server_name: ${quoted(settings.name ?? 'troupe')}
${NEEDS}
jetstream: {
  store_dir: ${quoted(settings.storeDir)}
  sync_interval: ${settings.sync === 'always' ? 'always' : quoted(settings.sync)}
}
${authorizationBlock(settings.users)}
`;
}
