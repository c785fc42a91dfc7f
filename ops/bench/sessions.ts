import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import { DockerRuntime } from '../../runtime-adapters/docker/docker-runtime.ts';
import { SAMPLE_IMAGE } from '../../runtime-adapters/docker/pause-and-sample-images.ts';
import { OPERATOR } from '../boot/home/cluster.ts';
import { homePaths, troupeHome } from '../boot/home/home.ts';
import { runningUp } from '../boot/home/home-lock.ts';
import { launcher } from '../boot/home/project-root.ts';
import { declaredActors } from '../boot/roles/hosted-actors.ts';
import { up } from '../boot/up.ts';
import { connectClient } from '../client/connect.ts';
import { makeImages } from '../setup/images.ts';
import { until } from './drive.ts';
import { endLater } from './end-later.ts';
import { megabytes, type Report } from './report.ts';
import { sized } from './tiny.ts';

const BLOCK = randomBytes(1_000_000);
const BLOCKS = sized(1_000, 10);
const RUNS_WITHIN_MS = 60_000;

/** Bytes through `troupe exec -i … cat` and back, compared with the same through the adapter alone. */
export async function benchSessions(): Promise<Report> {
  const home = mkdtempSync(join(tmpdir(), 'troupe-bench-'));
  await makeImages(homePaths(troupeHome()));
  const cluster = await up({ home, port: 0, declaredActors, say: (text) => console.error(text) });
  const client = await connectClient({ home, url: cluster.cluster.url, user: OPERATOR });
  const runtime = new DockerRuntime({ node: cluster.cluster.node });
  const over = endLater(async () => {
    const at = { namespace: 'default', name: 'bench' };
    await client.delete('pods', at, { gracePeriodSeconds: 0 });
    await until('the pod is gone', RUNS_WITHIN_MS, () =>
      client.get('pods', at).then(
        () => false,
        () => true,
      ),
    );
    await client.close();
    await runtime.close();
    await cluster.stop();
    rmSync(home, { recursive: true, force: true });
  });
  try {
    const spec = { containers: [{ name: 'main', image: SAMPLE_IMAGE, imagePullPolicy: 'IfNotPresent' }] };
    await client.create('pods', 'default', { metadata: { name: 'bench' }, spec });
    let containerId = '';
    await until('the pod runs', RUNS_WITHIN_MS, async () => {
      const { status } = await client.get<Pod>('pods', { namespace: 'default', name: 'bench' });
      containerId = status?.containerStatuses?.[0]?.containerID?.replace(/^\w+:\/\//, '') ?? '';
      return status?.phase === 'Running';
    });
    const bare = await throughAdapter(runtime, containerId);
    const ours = await throughTroupe(home);
    const { children = {} } = runningUp(homePaths(home)) ?? {};
    const peaks = Object.entries(children).map(([name, { pid }]) => ({ name, bytes: peakBytes(pid) }));
    peaks.push({ name: 'troupe exec', bytes: ours.peakBytes });
    const largest = peaks.reduce((a, b) => (b.bytes > a.bytes ? b : a));
    return {
      title: `sessions: ${megabytes(BLOCKS * BLOCK.length)} through \`troupe exec -i … cat\` and back; the peer is the Docker adapter alone`,
      rows: [
        {
          what: 'bytes each way',
          figure: rateOf(ours.tookMs),
          peer: rateOf(bare.tookMs),
          ratio: bare.tookMs / ours.tookMs,
        },
        { what: `largest process: ${largest.name}`, figure: megabytes(largest.bytes), aim: '< 150 MB' },
      ],
      notes: [`most memory of ${peaks.map(({ name, bytes }) => `${name} ${megabytes(bytes)}`).join(', ')}`],
    };
  } finally {
    await over();
  }
}

interface Passed {
  readonly tookMs: number;
}

const rateOf = (tookMs: number): string => `${Math.round((BLOCKS * BLOCK.length) / 1000 / tookMs)} MB/s`;

/** The most memory that a process has had. */
function peakBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

/** Writes the blocks, reads them back. @throws Error when they are not the same */
async function pass(input: Writable, output: Readable, seen: () => void = () => undefined): Promise<Passed> {
  const sent = createHash('md5');
  const received = createHash('md5');
  const began = performance.now();
  const source = Readable.from(
    (function* () {
      for (let left = BLOCKS; left > 0; left -= 1) {
        sent.update(BLOCK);
        yield BLOCK;
      }
    })(),
  );
  const reading = (async () => {
    for await (const bytes of output) {
      received.update(bytes as Uint8Array);
      seen();
    }
  })();
  await pipeline(source, input);
  await reading;
  const tookMs = performance.now() - began;
  if (sent.digest('hex') !== received.digest('hex')) throw new Error('other bytes came back than were sent');
  return { tookMs };
}

async function throughAdapter(runtime: DockerRuntime, containerId: string): Promise<Passed> {
  const { stdin, stdout, stderr } = await runtime.exec(containerId, { command: ['cat'], stdin: true, tty: false });
  stderr.resume();
  return pass(stdin, stdout);
}

async function throughTroupe(home: string): Promise<Passed & { readonly peakBytes: number }> {
  const child = spawn(process.execPath, [launcher, 'exec', '-i', 'bench', '--', 'cat'], {
    env: { ...process.env, TROUPE_HOME: home },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let peak = 0;
  let chunks = 0;
  const passed = await pass(child.stdin, child.stdout, () => {
    if (++chunks % 100 === 0 && child.pid !== undefined) peak = peakBytes(child.pid);
  });
  return { ...passed, peakBytes: peak };
}
