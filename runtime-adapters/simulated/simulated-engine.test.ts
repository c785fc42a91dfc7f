import { expect, it } from 'vitest';
import { statusError } from '../../contracts/errors/status.ts';
import type { RuntimeAdapter } from '../../contracts/runtime/adapter.ts';
import { runtimeCause } from '../../contracts/runtime/errors.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { SimulatedEngine } from './simulated-engine.ts';
import type { SimulatedConfig } from './simulation-config.ts';

const pod = { uid: 'u', namespace: 'ns', name: 'web' };
function world(config: SimulatedConfig, random = () => 0.5) {
  const clock = new VirtualClock(1_000);
  const engine = new SimulatedEngine(config, { clock, random });
  return { clock, engine, runtime: engine.runtime('node') };
}
async function run(runtime: RuntimeAdapter, image: string, attempt = 0, uid = 'u'): Promise<string> {
  const { id: sandboxId } = await runtime.runPodSandbox({ pod: { ...pod, uid }, attempt: 0 });
  const config = { pod: { ...pod, uid }, sandboxId, name: 'main', attempt, specHash: 'h', image };
  const id = await runtime.createContainer(config);
  await runtime.startContainer(id);
  return id;
}

it('takes the time that its configuration says, drawn from ranges', async () => {
  const { clock, runtime } = world({ latencyMs: { runPodSandbox: [100, 300], pullImage: 50 } });
  let ready = 0;
  const running = runtime.runPodSandbox({ pod, attempt: 0 }).then(() => (ready = clock.now()));
  await clock.advance(199);
  expect(ready).toBe(0);
  await clock.advance(1);
  await running;
  expect(ready).toBe(1_200);
});

it('crashes by schedule: each attempt its own end, the last one for ever', async () => {
  const runs = [{ exitAfterMs: 100, exitCode: 1 }, { exitAfterMs: 200, oomKilled: true, exitCode: 137 }, {}];
  const { clock, runtime } = world({ images: { flaky: { present: true, run: runs } } });
  const first = await run(runtime, 'flaky');
  await clock.advance(100);
  expect(await runtime.containerStatus(first)).toMatchObject({
    state: 'exited',
    startedAt: 1_000,
    finishedAt: 1_100,
    exitCode: 1,
  });
  const second = await run(runtime, 'flaky', 1);
  await clock.advance(200);
  expect(await runtime.containerStatus(second)).toMatchObject({ reason: 'OOMKilled', oomKilled: true });
  const fourth = await run(runtime, 'flaky', 3);
  await clock.advance(1_000_000);
  expect(await runtime.containerStatus(fourth)).toMatchObject({ state: 'running' });
});

it('lets a pull fail so many times on each node', async () => {
  const { engine, runtime } = world({ images: { shy: { pull: { fails: 'manifest unknown', failTimes: 2 } } } });
  for (const node of [runtime, engine.runtime('other')]) {
    for (let times = 0; times < 2; times += 1) {
      const refusal = await node.pullImage('shy').catch((error: unknown) => error);
      expect(runtimeCause(refusal as Parameters<typeof runtimeCause>[0])).toBe('ErrImagePull');
    }
    expect(await node.imageStatus('shy')).toBeUndefined();
    expect(await node.pullImage('shy')).toMatchObject({ image: 'shy' });
    expect(await node.imageStatus('shy')).toBeDefined();
  }
});

it('fails a named operation as often as it was told to', async () => {
  const { engine, runtime } = world({});
  engine.failNext('runPodSandbox', statusError('InternalError', 'deliberate'), 2, 'node');
  const other = engine.runtime('other');
  await expect(other.runPodSandbox({ pod, attempt: 0 })).resolves.toMatchObject({ state: 'ready' });
  await expect(runtime.runPodSandbox({ pod, attempt: 0 })).rejects.toThrow('deliberate');
  await expect(runtime.runPodSandbox({ pod, attempt: 0 })).rejects.toThrow('deliberate');
  await expect(runtime.runPodSandbox({ pod, attempt: 0 })).resolves.toMatchObject({ state: 'ready' });
});

it('kills after the grace what takes longer to stop', async () => {
  const { clock, runtime } = world({ images: { slow: { present: true, run: { stopMs: 5_000, stopExitCode: 0 } } } });
  const id = await run(runtime, 'slow');
  const stopping = runtime.stopContainer(id, 2_000);
  await clock.advance(2_000);
  await stopping;
  expect(await runtime.containerStatus(id)).toMatchObject({ exitCode: 137, finishedAt: 3_000 });
});

it('is the same run with the same clock and the same random source', async () => {
  const play = async (): Promise<unknown> => {
    let seed = 7;
    const random = (): number => ((seed = (seed * 16_807) % 2_147_483_647) - 1) / 2_147_483_646;
    const { clock, runtime } = world({ latencyMs: { runPodSandbox: [1, 500] } }, random);
    const all = Promise.all(['a', 'b', 'c'].map((uid) => runtime.runPodSandbox({ pod: { ...pod, uid }, attempt: 0 })));
    await clock.advance(500);
    return all;
  };
  expect(await play()).toEqual(await play());
});

it('holds thousands of nodes', async () => {
  const { engine } = world({ images: { app: { present: true } } });
  const before = process.memoryUsage().heapUsed;
  const nodes = Array.from({ length: 2_000 }, (_, n) => engine.runtime(`node-${n}`));
  await Promise.all(nodes.flatMap((node, n) => [0, 1, 2, 3, 4].map((p) => run(node, 'app', 0, `u-${n}-${p}`))));
  const levels = await Promise.all(nodes.map((node) => node.list()));
  expect(levels.every(({ containers }) => containers.length === 5)).toBe(true);
  const addresses = new Set(levels.flatMap(({ sandboxes }) => sandboxes.map(({ ip }) => ip)));
  expect(addresses.size).toBe(10_000);
  expect((process.memoryUsage().heapUsed - before) / 10_000).toBeLessThan(10_000);
});
