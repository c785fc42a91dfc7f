import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { launcher } from '../../ops/boot/home/project-root.ts';
import { CLUSTER_MS, type ProcessCluster, startProcessCluster } from '../support/cluster.ts';
import { docker, TEST_IMAGE, testImage } from '../support/docker.ts';
import { waitUntil } from '../support/wait-until.ts';
import { containerIdOf, podRuns } from '../support/workloads.ts';

vi.setConfig({ hookTimeout: CLUSTER_MS, testTimeout: 120_000 });

/*
 * Goal: commands in a container and its ports, as a person at a shell has them.
 * Method: the command line with pipes, against a pod in a real container.
 */
const SERVER = 'mkdir /www; echo hello > /www/index.html; exec httpd -f -p 127.0.0.1:8080 -h /www';

let cluster: ProcessCluster;
let containerId: string;
const started: ChildProcess[] = [];

beforeAll(async () => {
  await testImage();
  cluster = await startProcessCluster('exec');
  await cluster.apply(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web' },
      spec: { containers: [{ name: 'main', image: TEST_IMAGE, command: ['sh', '-c', SERVER] }] },
    }),
  );
  containerId = containerIdOf(await podRuns(cluster.client, 'web'));
});
afterAll(async () => {
  for (const child of started) child.kill('SIGKILL');
  await cluster?.remove();
});

/** `troupe <args>`, with pipes. */
function type(...args: string[]) {
  const env = { ...process.env, TROUPE_HOME: cluster.paths.home };
  const child = spawn(process.execPath, [launcher, ...args], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  started.push(child);
  const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? -1)));
  return { child, ended };
}
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

it('passes bytes on unchanged, both ways', async () => {
  const { child, ended } = type('exec', '-i', 'web', '--', 'cat');
  const bytes = randomBytes(32 * 1024 * 1024);
  child.stdin.end(bytes);
  const back = await buffer(child.stdout);
  expect(digest(back)).toBe(digest(bytes));
  expect(await ended).toBe(0);
});

it('exits as the command does, and keeps its outputs apart', async () => {
  const { child, ended } = type('exec', 'web', '-c', 'main', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7');
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect({ out, err, code: await ended }).toEqual({
    out: 'out\n',
    err: 'err\ncommand terminated with exit code 7\n',
    code: 7,
  });
});

it('a reader that stops stops the writer', async () => {
  const { child, ended } = type('exec', 'web', '--', 'dd', 'if=/dev/zero', 'bs=65536', 'count=512');
  const pid = await waitUntil('the writer runs', 20_000, async () => {
    const { Processes } = (await docker.getContainer(containerId).top()) as { Processes: string[][] };
    return Processes.find((columns) => columns.join(' ').includes('dd if'))?.[1];
  });
  const written = (): number => Number(/wchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
  let before = 0;
  let still = 0;
  const stopped = await waitUntil('it waits', 20_000, () => {
    const now = written();
    still = now === before ? still + 1 : 0;
    before = now;
    return still === 20 && now > 0 && now;
  });
  expect(stopped).toBeLessThan(16 * 1024 * 1024);
  expect(await buffer(child.stdout)).toHaveLength(32 * 1024 * 1024);
  expect(await ended).toBe(0);
});

it('connects a local port to one that is open inside the pod alone', async () => {
  const { child, ended } = type('port-forward', 'web', ':8080');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value } = (await lines.next()) as { value: string };
  const port = /^Forwarding from 127\.0\.0\.1:(\d+) -> 8080$/.exec(value)?.[1];
  const answers = await Promise.all([1, 2, 3].map(async () => (await fetch(`http://127.0.0.1:${port}/`)).text()));
  expect(answers).toEqual(['hello\n', 'hello\n', 'hello\n']);
  child.kill('SIGINT');
  expect(await ended).toBe(0); // as kubectl
});
