import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { recordScheduling } from '../../ops/bench/make-recording.ts';
import { launcher, projectRoot } from '../../ops/boot/root.ts';
import { connectInspector, type InspectorClient } from '../support/inspector-client.ts';
import { saveRecording } from '../support/save-recording.ts';

/*
 * Goal: an editor's debugger stops inside an actor's behaviour, at the turn asked for, in a recording from a file.
 * Method: the commands that the documentation's launch configurations run, under node's own inspector protocol.
 */
let folder: string;
let file: string;
let binding: number;
let children: ChildProcess[] = [];
let inspectors: InspectorClient[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'troupe-debug-'));
  const recorded = recordScheduling({ nodes: 3, pods: 12, batch: 3 });
  file = saveRecording(join(folder, 'scheduler.troupe'), recorded);
  binding = recorded.turns.find(({ said }) => said.some(({ say }) => say === 'bind'))?.n ?? 0;
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  for (const one of inspectors) one.close();
  for (const child of children) child.kill('SIGKILL');
  children = [];
  inspectors = [];
});

/** @returns the process, and a debugger that is attached to it and has not let it begin */
async function debugged(args: readonly string[]): Promise<{ child: ChildProcess; inspector: InspectorClient }> {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TROUPE_HOME: folder },
  });
  children.push(child);
  let told = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr?.on('data', (data: Buffer) => {
      told += data.toString();
      const [found] = /ws:\/\/\S+/.exec(told) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', () => reject(new Error(`it ended: ${told}`)));
  });
  const inspector = await connectInspector(url);
  inspectors.push(inspector);
  await inspector.send('Runtime.enable');
  await inspector.send('Debugger.enable');
  return { child, inspector };
}

interface Paused {
  readonly callFrames: readonly {
    readonly functionName: string;
    readonly location: { readonly scriptId: string };
    readonly callFrameId: string;
  }[];
}
const topOf = (inspector: InspectorClient, { callFrames }: Paused): string =>
  inspector.urlOf(callFrames[0]?.location.scriptId ?? '');
const whereOf = async (inspector: InspectorClient): Promise<Paused> =>
  (await inspector.event('Debugger.paused')) as unknown as Paused;

it.each([
  { why: '--inspect-brk', args: (turn: string) => [launcher, 'replay', file, '--turn', turn, '--inspect-brk', '0'] },
  {
    why: "an editor's own start",
    args: (turn: string) => ['--inspect-brk=0', launcher, 'replay', file, '--turn', turn],
  },
])('$why stops inside the turn, and steps lead into the actor', async ({ args }) => {
  const { child, inspector } = await debugged(args(String(binding)));
  await inspector.send('Debugger.setBlackboxPatterns', { patterns: skipped() });
  await inspector.send('Runtime.runIfWaitingForDebugger');
  await whereOf(inspector); // the launcher's first line
  await inspector.send('Debugger.resume');
  const stopped = await whereOf(inspector);
  expect(topOf(inspector, stopped)).toMatch(/ops\/replay\/stop-inside\.js$/);
  let inside = stopped;
  for (let steps = 0; steps < 4 && topOf(inspector, inside).endsWith('stop-inside.js'); steps++) {
    await inspector.send('Debugger.stepInto');
    inside = await whereOf(inspector);
  }
  expect(topOf(inspector, inside)).toMatch(/actors\/scheduler\/scheduler\.js$/);
  const { result } = await inspector.send('Debugger.evaluateOnCallFrame', {
    callFrameId: inside.callFrames[0]?.callFrameId,
    expression: 'changes.map((change) => change.name).join()',
    returnByValue: true,
  });
  expect(result).toMatchObject({ value: 'web-0,web-1,web-2' });
  // What one looks up in between is not the actor's doing.
  const { result: looked } = await inspector.send('Debugger.evaluateOnCallFrame', {
    callFrameId: inside.callFrames[0]?.callFrameId,
    expression: '(async () => 1)() && typeof Date.now()',
    returnByValue: true,
  });
  expect(looked).toMatchObject({ value: 'number' });
  let shown = '';
  child.stdout?.on('data', (data: Buffer) => {
    shown += data.toString();
  });
  const ended = once(child, 'close');
  await inspector.send('Debugger.disable');
  inspector.close();
  expect(await ended).toEqual([0, null]);
  expect(shown).toMatch(/bind /);
  expect(shown).toMatch(/finding  +the same/);
});

/** What the documentation's launch configuration tells the editor to step over. */
function skipped(): readonly string[] {
  const text = readFileSync(join(projectRoot, 'ops/docs/replay.md'), 'utf8');
  const [json = '{}'] = /\{\s*"version"[\s\S]*?\n\}/.exec(text) ?? [];
  const { configurations } = JSON.parse(json) as { configurations: { skipFiles: string[] }[] };
  return (configurations[0]?.skipFiles ?? []).map((glob) =>
    glob
      .replace('<node_internals>/**', '^node:')
      .replace('${workspaceFolder}', '')
      .replace(/\./g, '\\.')
      .replace(/\*\*/g, '.*'),
  );
}
