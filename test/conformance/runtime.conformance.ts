import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { StatusError } from '../../contracts/errors/status.ts';
import type { LogLine } from '../../contracts/messages/logs.ts';
import type { ExecConfig, RuntimeAdapter } from '../../contracts/runtime/adapter.ts';
import type { ResolvedContainerConfig } from '../../contracts/runtime/config.ts';
import type { PodRef } from '../../contracts/runtime/references.ts';
import { runtimeCause } from '../../contracts/runtime/errors.ts';
import type { ContainerStatus, SandboxStatus } from '../../contracts/runtime/status.ts';

/** The runtime under test. Everything that it creates belongs to one node name of its own. */
export interface RuntimeUnderTest {
  /** A further adapter of the same node, as after a crash of the first. */
  adapter(): RuntimeAdapter;
  /** An image with entry point `/bin/tool` (see `TOOL_SCRIPT`), CMD `default`, env `IMAGE_VAR=image`; its `listen` opens port 7000. */
  readonly image: string;
  /** An image that no registry has. */
  readonly missingImage: string;
  /** Kills a running container (SIGKILL) without the adapter. */
  kill(containerId: string): Promise<void>;
  cleanUp(): Promise<void>;
}

/** The image's two programs; the simulated runtime behaves like them. */
export const TOOL_SCRIPT = `#!/bin/sh
case "$1" in
  exit) exit "$2" ;;
  chatter) for n in 1 2 3; do echo "out-$n"; sleep 0.02; echo "err-$n" >&2; sleep 0.02; done ;;
  slow) echo first; sleep 0.3; echo second; sleep 0.3; echo third ;;
  serve) trap 'exit 0' TERM; echo ready; while :; do sleep 1 & wait; done ;;
  listen) mkdir -p /www; echo hello > /www/hello; echo ready; exec httpd -f -p "127.0.0.1:$2" -h /www ;;
  stubborn) trap '' TERM; echo ready; while :; do sleep 1; done ;;
  *) echo "tool $*"; echo "VAR=$VAR IMAGE_VAR=$IMAGE_VAR" ;;
esac
`;
export const OTHER_SCRIPT = `#!/bin/sh
echo "other $*"
`;

const WAIT = { timeout: 10_000, interval: 20 };

/** Tests that an adapter keeps the contract of `contracts/runtime/adapter.ts`. */
export function runtimeConformance(name: string, make: () => Promise<RuntimeUnderTest>): void {
  describe(`runtime conformance: ${name}`, () => {
    let under: RuntimeUnderTest;
    let runtime: RuntimeAdapter;
    let pods = 0;
    let pod: PodRef;
    let sandbox: SandboxStatus;

    beforeAll(async () => {
      under = await make();
      runtime = under.adapter();
    });
    afterAll(async () => {
      await runtime.close();
      await under.cleanUp();
    });
    beforeEach(async () => {
      pods += 1;
      pod = { uid: `uid-${name}-${pods}-${process.pid}`, namespace: 'conformance', name: `pod-${pods}` };
      sandbox = await runtime.runPodSandbox({ pod, attempt: 0 });
    });
    afterEach(async () => {
      await runtime.removePodSandbox(sandbox.id);
    });

    const config = (args: readonly string[], more: Partial<ResolvedContainerConfig> = {}): ResolvedContainerConfig => ({
      pod,
      sandboxId: sandbox.id,
      name: 'main',
      attempt: 0,
      specHash: 'hash-1',
      image: under.image,
      args,
      ...more,
    });
    const run = async (args: readonly string[], more: Partial<ResolvedContainerConfig> = {}): Promise<string> => {
      const id = await runtime.createContainer(config(args, more));
      await runtime.startContainer(id);
      return id;
    };
    const ended = (id: string): Promise<ContainerStatus> =>
      vi.waitFor(async () => {
        const status = await runtime.containerStatus(id);
        expect(status.state).toBe('exited');
        return status;
      }, WAIT);
    const texts = async (id: string): Promise<readonly string[]> =>
      (await runtime.logs(id, {})).lines.map((line) => line.text);
    const wrote = (id: string, text: string): Promise<void> =>
      vi.waitFor(async () => expect(await texts(id)).toContain(text), WAIT);
    const refusal = async (work: Promise<unknown>): Promise<StatusError> => {
      const error = await work.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(StatusError);
      return error as StatusError;
    };

    describe('sandboxes', () => {
      it('gives a pod an address', () => {
        expect(sandbox).toMatchObject({ pod, attempt: 0, state: 'ready' });
        expect(sandbox.ip).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
      });

      it('runs one sandbox however often it is asked, at once or later', async () => {
        const again = await Promise.all([1, 2, 3].map(() => runtime.runPodSandbox({ pod, attempt: 0 })));
        expect(again.map(({ id }) => id)).toEqual([sandbox.id, sandbox.id, sandbox.id]);
        expect((await runtime.list({ podUid: pod.uid })).sandboxes).toHaveLength(1);
      });

      it('runs another for another attempt', async () => {
        const second = await runtime.runPodSandbox({ pod, attempt: 1 });
        expect(second.id).not.toBe(sandbox.id);
        await runtime.removePodSandbox(second.id);
      });

      it('stops with what runs in it, and stays listed', async () => {
        const id = await run(['stubborn']);
        await runtime.stopPodSandbox(sandbox.id);
        await runtime.stopPodSandbox(sandbox.id);
        const { sandboxes, containers } = await runtime.list({ podUid: pod.uid });
        expect(sandboxes).toMatchObject([{ id: sandbox.id, state: 'notReady' }]);
        expect(sandboxes[0]?.ip).toBeUndefined();
        expect(containers).toMatchObject([{ id, state: 'exited', exitCode: 137 }]);
      });

      it('goes with its containers; removing what is gone is nothing to do', async () => {
        const id = await run(['serve']);
        await runtime.removePodSandbox(sandbox.id);
        await runtime.removePodSandbox(sandbox.id);
        await runtime.stopPodSandbox(sandbox.id);
        expect(await runtime.list({ podUid: pod.uid })).toEqual({ sandboxes: [], containers: [] });
        expect((await refusal(runtime.containerStatus(id))).reason).toBe('NotFound');
      });
    });

    describe('containers', () => {
      it('creates one container however often it is asked', async () => {
        const ids = await Promise.all([1, 2, 3].map(() => runtime.createContainer(config(['serve']))));
        expect(new Set(ids).size).toBe(1);
        expect(await runtime.containerStatus(ids[0] ?? '')).toMatchObject({
          pod,
          sandboxId: sandbox.id,
          name: 'main',
          attempt: 0,
          specHash: 'hash-1',
          state: 'created',
        });
        expect(await runtime.createContainer(config(['serve'], { attempt: 1 }))).not.toBe(ids[0]);
        expect(await runtime.createContainer(config(['serve'], { name: 'side' }))).not.toBe(ids[0]);
      });

      it('is adopted by an adapter that comes after', async () => {
        const id = await run(['serve']);
        const next = under.adapter();
        const level = await next.list({ podUid: pod.uid });
        expect(level).toEqual(await runtime.list({ podUid: pod.uid }));
        expect(level.sandboxes).toMatchObject([{ id: sandbox.id, state: 'ready', ip: sandbox.ip }]);
        expect(level.containers).toMatchObject([{ id, state: 'running', specHash: 'hash-1' }]);
        expect((await next.runPodSandbox({ pod, attempt: 0 })).id).toBe(sandbox.id);
        expect(await next.createContainer(config(['serve']))).toBe(id);
        await next.startContainer(id);
        await next.close();
        expect((await runtime.containerStatus(id)).startedAt).toBe(level.containers[0]?.startedAt);
      });

      it.each([
        { code: 0, reason: 'Completed' },
        { code: 7, reason: 'Error' },
      ])('reports exit code $code, and start and end times', async ({ code, reason }) => {
        const before = Date.now();
        const status = await ended(await run(['exit', String(code)]));
        expect(status).toMatchObject({ exitCode: code, reason, oomKilled: false });
        expect(status.startedAt).toBeGreaterThanOrEqual(before - 1000);
        expect(status.finishedAt).toBeGreaterThanOrEqual(status.startedAt ?? Number.NaN);
        expect(status.finishedAt).toBeLessThanOrEqual(Date.now() + 1000);
      });

      it('starts once in its life', async () => {
        const id = await run(['exit', '3']);
        const first = await ended(id);
        await runtime.startContainer(id);
        await under.adapter().startContainer(id);
        expect(await runtime.containerStatus(id)).toEqual(first);
      });

      it('stops at once when the program obeys', async () => {
        const id = await run(['serve']);
        await wrote(id, 'ready');
        const before = Date.now();
        await runtime.stopContainer(id, 20_000);
        expect(Date.now() - before).toBeLessThan(20_000);
        expect(await runtime.containerStatus(id)).toMatchObject({ state: 'exited', exitCode: 0, reason: 'Completed' });
      });

      it('kills after the grace when it does not', async () => {
        const id = await run(['stubborn']);
        await wrote(id, 'ready');
        const before = Date.now();
        await runtime.stopContainer(id, 1_000);
        expect(Date.now() - before).toBeGreaterThanOrEqual(900);
        expect(await runtime.containerStatus(id)).toMatchObject({ state: 'exited', exitCode: 137, reason: 'Error' });
      });

      it('stopping and removing what has ended or is gone is nothing to do', async () => {
        const id = await run(['exit', '0']);
        await ended(id);
        await runtime.stopContainer(id, 1_000);
        await runtime.removeContainer(id);
        await runtime.removeContainer(id);
        await runtime.stopContainer(id, 1_000);
        expect((await runtime.list({ podUid: pod.uid })).containers).toEqual([]);
      });

      it('refuses to start what is gone', async () => {
        const id = await run(['serve']);
        await runtime.removeContainer(id);
        expect((await refusal(runtime.startContainer(id))).reason).toBe('NotFound');
      });

      it('says what can not run, and shows it as ended', async () => {
        const id = await runtime.createContainer(config([], { command: ['/no/such/program'] }));
        expect(runtimeCause(await refusal(runtime.startContainer(id)))).toBe('RunContainerError');
        const status = await runtime.containerStatus(id);
        expect(status).toMatchObject({ state: 'exited', exitCode: 127, reason: 'ContainerCannotRun' });
        expect(status.message).toContain('/no/such/program');
      });
    });

    describe("commands and environment, as Kubernetes' table has them", () => {
      const VAR = [{ name: 'VAR', value: 'pod value with spaces = and $sign' }];
      it.each([
        { why: 'nothing given: the image decides', more: {}, text: 'tool default' },
        { why: 'args replace CMD', more: { args: ['a', 'b c'] }, text: 'tool a b c' },
        { why: 'command replaces ENTRYPOINT and drops CMD', more: { command: ['/bin/other'] }, text: 'other ' },
        { why: 'both replace both', more: { command: ['/bin/other', 'x'], args: ['y'] }, text: 'other x y' },
      ])('$why', async ({ more, text }) => {
        const id = await run([], more);
        await ended(id);
        expect((await texts(id))[0]).toBe(text);
      });

      it('adds to the environment of the image', async () => {
        const id = await run([], { env: VAR });
        await ended(id);
        expect(await texts(id)).toContain('VAR=pod value with spaces = and $sign IMAGE_VAR=image');
      });

      it('wins over the environment of the image', async () => {
        const id = await run([], { env: [{ name: 'IMAGE_VAR', value: 'pod' }] });
        await ended(id);
        expect(await texts(id)).toContain('VAR= IMAGE_VAR=pod');
      });
    });

    describe('images', () => {
      it('are found by name and by id', async () => {
        const found = await runtime.imageStatus(under.image);
        expect(found?.imageId).toMatch(/^sha256:[0-9a-f]{64}$/);
        expect((await runtime.imageStatus(found?.imageId ?? ''))?.imageId).toBe(found?.imageId);
        const id = await runtime.createContainer(
          config(['serve'], { image: found?.imageId ?? '', imageName: 'web:1' }),
        );
        expect(await runtime.containerStatus(id)).toMatchObject({ image: 'web:1', imageId: found?.imageId });
      });

      it('that are missing are reported by an error that names them', async () => {
        expect(await runtime.imageStatus(under.missingImage)).toBeUndefined();
        const pull = await refusal(runtime.pullImage(under.missingImage));
        expect(runtimeCause(pull)).toBe('ErrImagePull');
        expect(pull.message).toContain(under.missingImage);
        const create = await refusal(runtime.createContainer(config([], { image: under.missingImage })));
        expect(runtimeCause(create)).toBe('ImageNotPresent');
      });
    });

    describe('logs', () => {
      const brief = (lines: readonly LogLine[]): readonly string[] =>
        lines.map(({ stream, text }) => `${stream} ${text}`);
      /** An engine may return lines of the two streams, written at almost the same time, in either order. */
      const by = (stream: LogLine['stream'], lines: readonly LogLine[]): readonly string[] =>
        brief(lines.filter((line) => line.stream === stream));

      it('come from both streams, each in order, and say when nothing will follow', async () => {
        const id = await run(['chatter']);
        await ended(id);
        const all = await runtime.logs(id, {});
        expect(by('stdout', all.lines)).toEqual([1, 2, 3].map((n) => `stdout out-${n}`));
        expect(by('stderr', all.lines)).toEqual([1, 2, 3].map((n) => `stderr err-${n}`));
        expect(all).toMatchObject({ ended: true });
        const times = all.lines.map(({ time }) => time);
        expect(times).toEqual(times.toSorted());
        expect(times[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
      });

      it('can be read from the end, from a moment on, and in pieces', async () => {
        const id = await run(['chatter']);
        await ended(id);
        const { lines } = await runtime.logs(id, {});
        expect((await runtime.logs(id, { tailLines: 2 })).lines).toEqual(lines.slice(-2));
        expect((await runtime.logs(id, { sinceTime: lines[2]?.time ?? '' })).lines).toEqual(lines.slice(3));
        const piece = await runtime.logs(id, { limitBytes: 14 });
        expect(piece.lines).toEqual(lines.slice(0, 2));
        expect(piece).toMatchObject({ truncated: true });
        expect(piece.ended).toBeUndefined();
      });

      it('can be followed line by line until the container ends', async () => {
        const id = await run(['slow']);
        await wrote(id, 'first');
        const heard: LogLine[] = [];
        await runtime.followLogs(id, { signal: AbortSignal.timeout(10_000) }, (line) => heard.push(line));
        expect(brief(heard)).toEqual(['stdout first', 'stdout second', 'stdout third']);
      });

      it('can be followed from a moment on, and let go of', async () => {
        const id = await run(['serve']);
        await wrote(id, 'ready');
        const { lines } = await runtime.logs(id, {});
        const stop = new AbortController();
        const heard: string[] = [];
        const all = runtime.followLogs(id, { signal: stop.signal }, ({ text }) => {
          heard.push(text);
          stop.abort();
        });
        await all;
        expect(heard).toEqual(['ready']);
        const none = new AbortController();
        const later = runtime.followLogs(id, { signal: none.signal, sinceTime: lines[0]?.time ?? '' }, ({ text }) =>
          heard.push(text),
        );
        await runtime.stopContainer(id, 5_000);
        await later;
        expect(heard).toEqual(['ready']);
      });
    });

    describe('commands in a running container', () => {
      const start = async (command: readonly string[], more: Partial<ExecConfig> = {}) => {
        const id = await run(['serve']);
        return runtime.exec(id, { command, stdin: false, tty: false, ...more });
      };

      it.each([0, 7])('end with their exit code: %i', async (code) => {
        const command = await start(['sh', '-c', `exit ${code}`]);
        expect(await text(command.stdout)).toBe('');
        expect(await command.exitCode).toBe(code);
      });

      it('read what is typed, and write it', async () => {
        const cat = await start(['cat'], { stdin: true });
        cat.stdin.write('one\n');
        cat.stdin.end('two\n');
        expect(await text(cat.stdout)).toBe('one\ntwo\n');
        expect(await text(cat.stderr)).toBe('');
        expect(await cat.exitCode).toBe(0);
      });

      it('have an empty input unless they are given one', async () => {
        const cat = await start(['cat']);
        expect(await text(cat.stdout)).toBe('');
        expect(await cat.exitCode).toBe(0);
      });

      it('wait while nobody reads, and lose nothing', async () => {
        const cat = await start(['cat'], { stdin: true });
        const size = 4 * 1024 * 1024;
        Readable.from(Array.from({ length: 64 }, () => Buffer.alloc(size / 64, 'x'))).pipe(cat.stdin);
        await vi.waitFor(() => expect(cat.stdout.readableLength).toBeGreaterThan(0), WAIT);
        expect(cat.stdout.readableLength).toBeLessThan(size);
        expect((await text(cat.stdout)).length).toBe(size);
      });

      it('are killed on request', async () => {
        const sleep = await start(['sleep', '1000'], { tty: true, stdin: true, size: { width: 80, height: 24 } });
        await sleep.resize({ width: 100, height: 30 });
        await sleep.kill();
        await sleep.kill();
        expect(await sleep.exitCode).toBe(137);
      });

      it('do not start in a container that has ended', async () => {
        const id = await run(['exit', '0']);
        await ended(id);
        const refused = await refusal(runtime.exec(id, { command: ['cat'], stdin: false, tty: false }));
        expect(refused.reason).toBe('Conflict');
        expect(refused.message).toMatch(/not running/);
      });
    });

    describe('connections to ports', () => {
      it("reach a port that is open on the pod's loopback address", async () => {
        await wrote(await run(['listen', '7000']), 'ready');
        const socket = await vi.waitFor(() => runtime.connect(sandbox.id, 7000), WAIT);
        socket.write('GET /hello HTTP/1.0\r\n\r\n');
        socket.end();
        expect(await text(socket)).toContain('hello');
      });

      it('are refused where nothing listens', async () => {
        const refused = await refusal(runtime.connect(sandbox.id, 7001));
        expect(refused.message).toMatch(/port 7001 of the pod: connection refused/);
      });
    });

    describe('hints', () => {
      it('report a container that ends by itself, with its pod', async () => {
        const hints: (string | undefined)[] = [];
        const stop = runtime.watch(({ podUid }) => hints.push(podUid));
        const id = await run(['serve']);
        await wrote(id, 'ready');
        await under.kill(id);
        await vi.waitFor(() => expect(hints).toContain(pod.uid), WAIT);
        expect((await runtime.list({ podUid: pod.uid })).containers).toMatchObject([
          { id, state: 'exited', exitCode: 137 },
        ]);
        stop();
      });

      it('report a removal', async () => {
        const id = await runtime.createContainer(config(['serve']));
        const hints: (string | undefined)[] = [];
        const stop = runtime.watch(({ podUid }) => hints.push(podUid));
        await runtime.removeContainer(id);
        await vi.waitFor(() => expect(hints).toContain(pod.uid), WAIT);
        stop();
      });
    });

    it('reads what the machine and its running containers use', async () => {
      const id = await run(['serve']);
      await wrote(id, 'ready');
      const stats = await runtime.stats();
      const found = stats.containers.find((each) => each.id === id);
      expect(found).toMatchObject({ pod, name: expect.any(String), cpuNanoseconds: expect.any(Number) });
      expect(found?.workingSetBytes).toBeGreaterThanOrEqual(0);
      expect(stats.memory.capacityBytes).toBeGreaterThan(stats.memory.availableBytes);
      expect(stats.imagefs.capacityBytes).toBeGreaterThan(stats.imagefs.availableBytes);
      expect(stats.pids.most).toBeGreaterThan(stats.pids.running);
      await runtime.stopContainer(id, 1000);
      expect((await runtime.stats()).containers.map((each) => each.id)).not.toContain(id);
    });

    it('keeps an image that a container uses, and removes what is not there without complaint', async () => {
      const id = await runtime.createContainer(config(['serve']));
      const { imageId } = await runtime.containerStatus(id);
      expect(await runtime.listImages()).toContainEqual({ imageId, sizeBytes: expect.any(Number) });
      await expect(runtime.removeImage(imageId)).rejects.toThrow();
      expect((await runtime.listImages()).map((image) => image.imageId)).toContain(imageId);
      await runtime.removeImage(`sha256:${'0'.repeat(64)}`);
    });

    it('reports what machine it is on', async () => {
      const info = await runtime.info();
      expect(info.cpuMillis).toBeGreaterThanOrEqual(1000);
      expect(info.memoryBytes).toBeGreaterThan(0);
      expect(info).toMatchObject({ operatingSystem: 'linux', architecture: expect.stringMatching(/^[a-z0-9]+$/) });
    });
  });
}
