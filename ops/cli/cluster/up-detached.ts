import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { statusError } from '../../../contracts/errors/status.ts';
import { type Cluster, readCluster } from '../../boot/home/cluster.ts';
import { type HomePaths, homePaths, makePrivateFolder, refused, troupeHome } from '../../boot/home/home.ts';
import { runningUp } from '../../boot/home/home-lock.ts';
import { launcher } from '../../boot/home/project-root.ts';
import { choosePort } from '../../boot/nats/nats-process.ts';
import { diskOf } from '../../boot/supervision/disk-watch.ts';
import { inMib, isFull } from '../../boot/supervision/plan-disk.ts';
import { pause } from '../../client/pause.ts';
import { Exit } from '../shared/errors.ts';
import { INTERRUPTED } from '../shared/render-error.ts';
import { warnAboutNode } from './node-warning.ts';
import type { UpOptions } from './up-options.ts';

/** The node is looked at for 10 s, since the caller waits. */
const LOOKS_MOST = 2;

/**
 * Starts `troupe up` as a background process and waits until its api-server answers. There is no timeout: the background process
 * has its own. Its messages are printed here too. If a cluster runs, or another process is starting it, that one is used.
 * @param signal cancels the wait, and stops the process that was started here
 * @throws StatusError with the last line of the background process when it ends early; AlreadyExists
 */
export async function upDetached(options: UpOptions, say: (line: string) => void, signal: AbortSignal): Promise<void> {
  const paths = homePaths(troupeHome());
  const since = Date.now();
  if (await isStartedByOther(paths, say, signal)) return join(options, paths, say, signal);
  makePrivateFolder(paths.home);
  makePrivateFolder(paths.logs);
  const logFile = `${paths.logs}/up.${process.pid}.out`; // another start may run at the same time
  const child = startDetached(options, logFile);
  const ended = once(child, 'exit');
  const printNewLines = linePrinter(logFile, say);
  for (;;) {
    const running = runningUp(paths);
    printNewLines();
    if (running?.ready === true && running.up.pid === child.pid) break;
    if (signal.aborted) {
      child.kill('SIGTERM'); // it stops its child processes, then ends
      await ended;
      keepLog(paths, logFile, child);
      throw new Exit(INTERRUPTED);
    }
    if (child.exitCode !== null || child.signalCode !== null) {
      if (runningUp(paths) !== undefined) {
        rmSync(logFile);
        return upDetached(options, say, signal); // another process was faster
      }
      const reason = lastLine(logFile);
      const log = keepLog(paths, logFile, child);
      if (reason !== undefined) throw statusError('InternalError', reason);
      const disk = diskOf(paths.logs);
      if (disk === undefined || !isFull(disk))
        throw statusError('InternalError', `"troupe up" ended at once; see ${log}`);
      throw statusError(
        'ServiceUnavailable',
        `start in ${paths.home}: the disk is full (${inMib(disk.freeBytes)} free); free some space and try again`,
      );
    }
    await pause(25, signal);
  }
  keepLog(paths, logFile, child);
  child.unref();
  const cluster = readCluster(paths);
  say(`cluster is up at ${cluster?.url ?? ''} (${paths.home}); "troupe down" stops it`);
  if (cluster !== undefined) await warnAboutNode({ cluster, home: paths.home, since }, say, signal, LOOKS_MOST);
}

/**
 * Waits while another process is starting this home's cluster.
 * @returns whether the cluster runs now
 */
async function isStartedByOther(paths: HomePaths, say: (line: string) => void, signal: AbortSignal): Promise<boolean> {
  for (let printed: number | undefined; ; ) {
    const running = runningUp(paths);
    if (running === undefined || running.ready) return running !== undefined;
    if (signal.aborted) throw new Exit(INTERRUPTED);
    const { pid } = running.up;
    if (printed !== pid) say(`waiting for process ${pid}, which is starting the cluster of ${paths.home}`);
    printed = pid;
    await pause(25, signal);
  }
}

/** Uses the running cluster. @throws StatusError AlreadyExists when it runs with other settings than the given ones */
async function join(
  options: UpOptions,
  paths: HomePaths,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const cluster = readCluster(paths);
  if (cluster === undefined)
    throw statusError('NotFound', `a cluster is up, but ${paths.cluster} is missing; stop it with "troupe down"`);
  refuseOthers(options, cluster, paths);
  await refuseOtherPort(options, cluster, paths, say);
  say(`cluster is up at ${cluster.url} already (${paths.home})`);
  await warnAboutNode({ cluster, home: paths.home, since: 0 }, say, signal, LOOKS_MOST);
}

/** Options that differ from the running cluster would have no effect. @throws StatusError AlreadyExists */
function refuseOthers(wished: UpOptions, runs: Cluster, { home }: HomePaths): void {
  for (const name of ['sync', 'node'] as const) {
    const asked = wished[name];
    if (asked !== undefined && asked !== runs[name]) throw runsWith(home, name, runs[name], asked);
  }
}

/** As at a start, a port that another program uses is replaced. @throws StatusError AlreadyExists */
async function refuseOtherPort(
  { port: asked }: UpOptions,
  { port }: Cluster,
  { home }: HomePaths,
  say: (line: string) => void,
): Promise<void> {
  if (asked === undefined || Number(asked) === port) return;
  if (Number(asked) === 0) return; // any port
  if ((await choosePort(Number(asked))) === Number(asked)) throw runsWith(home, 'port', String(port), asked);
  say(`port ${asked} is not free; nats-server listens on ${port}`);
}

const runsWith = (home: string, name: string, runs: string, asked: string): Error =>
  statusError(
    'AlreadyExists',
    `troupe already runs from ${home} with --${name} ${runs}, not ${asked}; stop it with \`troupe down\` first, or leave out --${name}`,
  );

function startDetached({ port, sync, node, keep, keepSize }: UpOptions, logFile: string): ChildProcess {
  const args = Object.entries({ port, sync, node, keep, 'keep-size': keepSize }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
  const log = openLog(logFile);
  try {
    return spawn(process.execPath, [launcher, 'up', ...args], { detached: true, stdio: ['ignore', log, log] });
  } finally {
    closeSync(log);
  }
}

function openLog(file: string): number {
  try {
    return openSync(file, 'w', 0o600);
  } catch (error) {
    throw refused(`write ${file}`, error);
  }
}

/** Moves the log of this start to `up.out`, unless the running cluster was started by another process. @returns its path */
function keepLog(paths: HomePaths, logFile: string, child: ChildProcess): string {
  const log = `${paths.logs}/up.out`;
  const running = runningUp(paths);
  if (running === undefined || running.up.pid === child.pid) renameSync(logFile, log);
  else rmSync(logFile);
  return log;
}

/** Lines of the background process that this process reports itself. */
const OWN = /^(troupe up: |cluster is up )/;

/** @returns a function that prints the lines added to the file since its last call */
function linePrinter(file: string, say: (line: string) => void): () => void {
  let printed = 0;
  return () => {
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    for (const line of lines.slice(printed)) if (!OWN.test(line)) say(line);
    printed = lines.length;
  };
}

function lastLine(file: string): string | undefined {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.at(-1)?.replace(/^troupe up: /, '') || undefined;
}
