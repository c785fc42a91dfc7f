import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type NatsConnection, nkeyAuthenticator } from 'nats';
import { inboxPrefix } from '../../contracts/subjects/inbox.ts';
import { findNatsServer } from '../../ops/boot/nats/find-nats-server.ts';
import { atEndOfTest } from './end-of-test.ts';
import { guard } from './guard.ts';
import { runningServers } from './servers-left.ts';
import { waitUntil } from './wait-until.ts';

/**
 * A real nats-server of its own: random port, own store folder. It ends with the test that started it, if it was not ended
 * before; one that outlives its file of tests fails that file; and none outlives its process, however that ends.
 */
export interface TestNatsServer {
  /** `nats://127.0.0.1:<port>`; stays the same over `restart()`. */
  readonly url: string;
  readonly port: number;
  readonly storeDir: string;
  /** The server's configuration file; rewrite it and `reload()`. */
  readonly configFile: string;
  /** Of the process that runs now. */
  readonly pid: number;
  /** Ends the server in an orderly way and removes its folder. */
  stop(): Promise<void>;
  /** SIGKILL; the store stays for `restart()`. */
  kill9(): Promise<void>;
  /** Starts again on the same port and store; a server that still runs is ended first (SIGTERM). */
  restart(): Promise<void>;
  /** SIGHUP after the configuration file was rewritten with `config`. */
  reload(config: string): void;
  /** What the server wrote so far. */
  log(): string;
}

const READY_WITHIN_MS = 15_000;

const ended = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (ended(child)) return;
  const exit = new Promise<void>((done) => child.once('exit', () => done()));
  child.kill(signal);
  await exit;
}

/** @returns the client port that the server announced, `undefined` as long as it has not */
function announcedPort(folder: string): number | undefined {
  const file = readdirSync(folder).find((name) => name.endsWith('.ports'));
  if (file === undefined) return undefined;
  try {
    const ports = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { readonly nats?: readonly string[] };
    const port = Number(new URL(ports.nats?.[0] ?? '').port);
    return port > 0 ? port : undefined;
  } catch {
    return undefined; // half written
  }
}

/**
 * Starts a real nats-server (the one that boot would take) and waits until it accepts clients.
 * @param options.jetstream  keep a JetStream store in the server's folder; default true
 * @param options.config     further lines of server configuration (users, permissions, limits)
 * @param options.syncAlways sync every write to the disk; default false
 */
export async function startNatsServer(
  options: { readonly jetstream?: boolean; readonly config?: string; readonly syncAlways?: boolean } = {},
): Promise<TestNatsServer> {
  const binary = findNatsServer().path;
  const folder = mkdtempSync(join(tmpdir(), 'troupe-nats-'));
  const storeDir = join(folder, 'store');
  const configFile = join(folder, 'nats-server.conf');
  const logFile = join(folder, 'nats-server.out');
  let port = -1;
  let config = options.config ?? '';
  let child: ChildProcess;

  const writeConfig = (): void => {
    const store = `jetstream { store_dir: ${JSON.stringify(storeDir)}, sync_interval: ${options.syncAlways === true ? 'always' : '"1s"'} }`;
    const lines = [
      `listen: "127.0.0.1:${port}"`,
      `ports_file_dir: ${JSON.stringify(folder)}`,
      'max_payload: 8388608',
      ...(options.jetstream === false ? [] : [store]),
      config,
    ];
    writeFileSync(configFile, `${lines.join('\n')}\n`);
  };
  const log = (): string => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '');

  const start = async (): Promise<void> => {
    for (const name of readdirSync(folder)) if (name.endsWith('.ports')) rmSync(join(folder, name));
    writeConfig();
    const out = openSync(logFile, 'a');
    child = spawn(binary, ['-c', configFile], { stdio: ['ignore', out, out] });
    closeSync(out);
    const callOff = guard('kill -9 "$1"; rm -rf "$2"', [String(child.pid), folder]);
    child.once('exit', callOff); // its number may become another's
    await waitUntil('nats-server accepts clients', READY_WITHIN_MS, () => {
      if (ended(child)) throw new Error(`nats-server ended at once:\n${log()}`);
      const found = announcedPort(folder);
      if (found !== undefined) port = found;
      return found !== undefined;
    });
  };

  await start();
  const server: TestNatsServer = {
    get url() {
      return `nats://127.0.0.1:${port}`;
    },
    get port() {
      return port;
    },
    get pid() {
      return child.pid ?? 0;
    },
    storeDir,
    configFile,
    log,
    async stop() {
      await end(child, 'SIGTERM');
      runningServers.delete(server);
      rmSync(folder, { recursive: true, force: true });
    },
    kill9: () => end(child, 'SIGKILL'),
    async restart() {
      await end(child, 'SIGTERM');
      await start();
    },
    reload(next) {
      config = next;
      writeConfig();
      child.kill('SIGHUP');
    },
  };
  runningServers.add(server);
  await atEndOfTest(() => server.stop());
  return server;
}

/** Who connects: by seed (nkey) or by password; neither on a server without users. */
export interface TestUser {
  readonly name: string;
  /** nkey seed, `SU...` */
  readonly seed?: string;
  readonly password?: string;
}

/** Connects as a user, with the private inbox prefix that permissions are printed for. */
export function connectAs(
  server: { readonly url: string },
  user?: TestUser,
  options: ConnectionOptions = {},
): Promise<NatsConnection> {
  const base = { servers: server.url, timeout: 10_000, ...options };
  if (user === undefined) return connect(base);
  const named = { name: user.name, inboxPrefix: inboxPrefix(user.name), ...base };
  if (user.seed !== undefined) {
    return connect({ ...named, authenticator: nkeyAuthenticator(new TextEncoder().encode(user.seed)) });
  }
  return connect({ ...named, user: user.name, ...(user.password === undefined ? {} : { pass: user.password }) });
}
