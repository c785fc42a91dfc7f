import type { Keep } from '../../../actors/store/plan-retention.ts';
import { isQuantity, wholeUnits } from '../../../contracts/quantity.ts';
import { Exit, UsageError } from '../shared/errors.ts';
import { parseSpan } from '../shared/parse-span.ts';
import { INTERRUPTED } from '../shared/render-error.ts';
import type { Terminal } from '../shared/terminal.ts';
import { typedAs } from '../shared/typed-as.ts';

/* The commands that run things; what they do is in ops/boot. */

export interface UpOptions {
  readonly detach?: boolean;
  readonly port?: string;
  readonly sync?: string;
  readonly node?: string;
  readonly keep?: string;
  readonly keepSize?: string;
}

/** For a minute: nobody waits. */
const LOOKS_MOST = 12;

export async function up(options: UpOptions, terminal: Terminal): Promise<void> {
  const port = options.port === undefined ? undefined : portOf(options.port);
  const keep = keepOf(options);
  if (options.node !== undefined) await checkNode(options.node);
  runtimeOf(undefined); // the worker would be started again and again, and nobody see why
  const { signal } = terminal; // from now on: what was begun is ended in order
  if (options.detach === true) {
    const { upDetached } = await import('./up-detached.ts');
    return upDetached(options, (line) => terminal.out(`${line}\n`, 'news'), signal);
  }
  const since = Date.now();
  const [{ up: run }, { declaredActors }] = await Promise.all([
    import('../../boot/up.ts'),
    import('../../boot/roles/hosted-actors.ts'),
  ]);
  const say = (line: string): void => terminal.out(`${line}\n`, 'news');
  const starting = run({
    declaredActors,
    say,
    signal,
    ...(port === undefined ? {} : { port }),
    ...(options.sync === undefined ? {} : { sync: options.sync }),
    ...(options.node === undefined ? {} : { node: options.node }),
    keep,
  });
  const cluster = await starting.catch((error: Error) => {
    if (!signal.aborted) throw error;
    terminal.tell(`troupe up: ${error.message}`);
    throw new Exit(INTERRUPTED);
  });
  say(`cluster is up at ${cluster.cluster.url} (${cluster.paths.home}); Ctrl-C ends it`);
  const { tellNode } = await import('../objects/tell-node.ts');
  const here = { cluster: cluster.cluster, home: cluster.paths.home, since };
  // Not waited for in the end: what it asked of a server that is gone is answered never.
  tellNode(here, say, signal, LOOKS_MOST).catch(() => undefined);
  await aborted(signal);
  say('ending the control plane; containers keep running');
  await cluster.stop();
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new UsageError(`--port is "${text}"; it must be a whole number from 1 to 65535`);
}

/** A name that was typed and no node can have. @throws UsageError */
export async function checkNode(node: string): Promise<void> {
  const { checkNodeName } = await import('../../boot/home/cluster.ts');
  try {
    checkNodeName(node);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

const RUNTIMES = ['docker', 'simulated'] as const;

/** What runs containers: as wished, else TROUPE_RUNTIME, else Docker. @throws UsageError */
export function runtimeOf(wished: string | undefined): (typeof RUNTIMES)[number] {
  const said = wished ?? process.env['TROUPE_RUNTIME'];
  if (said === undefined || said === '') return 'docker';
  const found = RUNTIMES.find((runtime) => runtime === said);
  if (found !== undefined) return found;
  const where = wished === undefined ? 'TROUPE_RUNTIME' : '--runtime';
  throw new UsageError(`${where} is "${said}"; use ${RUNTIMES.join(' or ')}`);
}

const KEEP_MS_MIN = 3_600_000;
const KEEP_BYTES_MIN = 64 * 2 ** 20;

/** `--keep 3d --keep-size 2Gi`: of recordings, and of the history and checkpoints that they need. */
function keepOf({ keep, keepSize }: UpOptions): Partial<Keep> {
  const maxAgeMs = keep === undefined ? undefined : parseSpan('--keep', keep);
  if (maxAgeMs !== undefined && maxAgeMs < KEEP_MS_MIN)
    throw new UsageError(`--keep is "${keep ?? ''}"; less than an hour cannot be played back, write 12h or 7d`);
  if (keepSize === undefined) return maxAgeMs === undefined ? {} : { maxAgeMs };
  const maxBytes = isQuantity(keepSize) ? wholeUnits(keepSize) : 0;
  if (maxBytes < KEEP_BYTES_MIN)
    throw new UsageError(`--keep-size is "${keepSize}"; write a size of at least 64Mi, such as 4Gi`);
  return { maxBytes, ...(maxAgeMs === undefined ? {} : { maxAgeMs }) };
}

export interface DownOptions {
  readonly pods?: boolean;
  readonly node?: string;
}

export async function down({ pods, node }: DownOptions, terminal: Terminal): Promise<void> {
  if (node !== undefined) {
    await checkNode(node);
    if (pods !== true) throw new UsageError('--node says whose containers to remove; add --pods');
  }
  const { down: end } = await import('../../boot/down.ts');
  await end({
    say: (line) => terminal.out(`${line}\n`, 'news'),
    ...(pods === true ? { pods } : {}),
    ...(node === undefined ? {} : { node }),
  });
}

export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });

export interface UserAddOptions {
  readonly namespace?: readonly string[];
  /** A module. */
  readonly actors?: string;
}

export async function userAdd(name: string, options: UserAddOptions, terminal: Terminal): Promise<void> {
  const namespaces = options.namespace ?? [];
  if (options.actors !== undefined) {
    if (namespaces.length > 0)
      throw new UsageError('--namespace is of a tenant and --actors of a service; leave out one of them');
    return serviceAdd(name, options.actors, terminal);
  }
  if (namespaces.length === 0)
    throw new UsageError(`say where ${name} may act: --namespace <name>, also several times`);
  const [{ addTenant }, { declaredActors }] = await Promise.all([
    import('../../boot/users/tenants.ts'),
    import('../../boot/roles/hosted-actors.ts'),
  ]);
  const tenant = await addTenant(name, namespaces, declaredActors);
  terminal.out(`user ${tenant.name} may act in ${tenant.namespaces.join(', ')}\n`);
  terminal.out(`credentials   ${tenant.seedFile}\n`);
  const { context, url } = tenant;
  if (context === undefined) {
    const as = `TROUPE_URL=${namedUrl() ?? '<server>'} TROUPE_USER=${name} TROUPE_NKEY=${tenant.seedFile}`;
    terminal.out(`try           ${as} ${typedAs()} get pods -n ${tenant.namespaces[0]}\n`);
  } else {
    terminal.out(`nats context  ${context}\n`);
    terminal.out(`try           ${typedAs()} get pods --context ${context}\n`);
    if (!tenant.live) terminal.tell('no cluster runs now; the user will be known when it starts');
  }
  tellOfOtherServer(url, terminal);
  const server = url ?? namedUrl();
  if (server !== undefined && (url === undefined || tenant.live)) await tellOfMissing(namespaces, server, terminal);
}

/** A user may be made before the namespace is; but it may be a slip of the pen, too. */
async function tellOfMissing(namespaces: readonly string[], url: string, terminal: Terminal): Promise<void> {
  const { makesNamespace, missingNamespaces } = await import('../objects/missing-namespaces.ts');
  for (const name of await missingNamespaces([...new Set(namespaces)], url))
    terminal.tell(`namespace "${name}" does not exist yet; to make it: ${makesNamespace(name, typedAs())}`);
}

async function serviceAdd(name: string, file: string, terminal: Terminal): Promise<void> {
  const [{ addService }, { loadActors }, { declaredActors }] = await Promise.all([
    import('../../boot/users/services.ts'),
    import('../../embed/load-actors.ts'),
    import('../../boot/roles/hosted-actors.ts'),
  ]);
  const { actors, seedFile, url, live } = await addService(name, await loadActors(file), declaredActors);
  terminal.out(`user ${name} may host ${actors.join(', ')}\n`);
  terminal.out(`credentials   ${seedFile}\n`);
  const server = url ?? namedUrl() ?? '<server>';
  terminal.out(`environment   TROUPE_URL=${server} TROUPE_USER=${name} TROUPE_NKEY=${seedFile}\n`);
  if (url !== undefined && !live) terminal.tell('no cluster runs now; the user will be known when it starts');
  tellOfOtherServer(url, terminal);
}

const namedUrl = (): string | undefined => process.env['TROUPE_URL'] || undefined;

/** A nats-server of somebody's own has its users in a configuration that is not ours to change. */
function tellOfOtherServer(own: string | undefined, terminal: Terminal): void {
  const other = namedUrl();
  if (own !== undefined && (other === undefined || other === own)) return;
  const server = other === undefined ? 'your nats-server' : `the nats-server at ${other}`;
  terminal.tell(
    `${server} goes by what was printed for it last: print "troupe permissions" into its configuration again (with --account, if it had that), and have it read that: nats-server --signal reload`,
  );
}

export async function userRemove(name: string, terminal: Terminal): Promise<void> {
  const [{ removeTenant }, { declaredActors }] = await Promise.all([
    import('../../boot/users/tenants.ts'),
    import('../../boot/roles/hosted-actors.ts'),
  ]);
  const { url } = await removeTenant(name, declaredActors);
  terminal.out(`user ${name} removed\n`);
  tellOfOtherServer(url, terminal);
}

export async function userList(terminal: Terminal): Promise<void> {
  const [{ listUsers }, { formatTable }] = await Promise.all([
    import('../../boot/users/tenants.ts'),
    import('../objects/plan-table.ts'),
  ]);
  const rows = listUsers().map(({ name, profile, namespaces, actors, node = '' }) => [
    name,
    profile,
    (namespaces ?? actors)?.join(',') ?? node,
  ]);
  if (rows.length === 0)
    terminal.tell(
      'there is no user; "troupe up" makes the first, or "troupe permissions", for a nats-server of your own',
    );
  else terminal.out(formatTable([['NAME', 'PROFILE', 'WHERE'], ...rows]));
}
