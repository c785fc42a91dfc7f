import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { RecordedTurn } from '../../actors/kernel/journal/journal.ts';
import { recordScheduling } from '../../ops/bench/make-recording.ts';
import { launcher, projectRoot } from '../../ops/boot/home/project-root.ts';
import { connectInspector, type InspectorClient } from '../support/inspector-client.ts';
import { saveRecording } from '../support/save-recording.ts';

/*
 * Goal: an editor's debugger stops inside an actor's behaviour, at the turn asked for, in a recording from a file.
 * Method: the commands that the documentation's launch configurations run, under node's own inspector protocol.
 */
let folder: string;
let file: string;
let turns: { readonly start: number; readonly binding: number; readonly answer: number };
let children: ChildProcess[] = [];
let inspectors: InspectorClient[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'troupe-debug-'));
  const recorded = recordScheduling({ nodes: 3, pods: 12, batch: 3 });
  file = saveRecording(join(folder, 'scheduler.troupe'), recorded);
  const numberOf = (isMeant: (turn: RecordedTurn) => boolean): number => recorded.turns.find(isMeant)?.n ?? 0;
  turns = {
    start: numberOf(({ rec }) => rec.t === 'start'),
    binding: numberOf(({ said }) => said.some(({ say }) => say === 'bind')),
    answer: numberOf(({ rec }) => rec.t === 'answer'),
  };
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  for (const one of inspectors) one.close();
  for (const child of children) child.kill('SIGKILL');
  children = [];
  inspectors = [];
});

interface Debugged {
  readonly child: ChildProcess;
  readonly inspector: InspectorClient;
  readonly url: string;
}

/** @returns the process, and a debugger that is attached to it and has not let it begin */
async function debugged(args: readonly string[]): Promise<Debugged> {
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
  return { child, inspector, url };
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

/** Goes on until the process stands where a turn enters the behaviour. */
async function toTheTurn({ inspector }: Debugged): Promise<void> {
  await inspector.send('Debugger.setBlackboxPatterns', { patterns: skipped() });
  await inspector.send('Runtime.runIfWaitingForDebugger');
  await whereOf(inspector); // the launcher's first line
  await inspector.send('Debugger.resume');
  expect(topOf(inspector, await whereOf(inspector))).toMatch(/ops\/replay\/play\/debugger\/stop-here\.js$/);
}

/** As the documentation tells: step into, twice. */
async function intoTheActor({ inspector }: Debugged): Promise<Paused> {
  await inspector.send('Debugger.stepInto');
  await whereOf(inspector);
  let inside: Paused;
  do {
    await inspector.send('Debugger.stepInto');
    inside = await whereOf(inspector);
  } while (topOf(inspector, inside).startsWith('node:')); // some of node's own are not skipped when told to; an editor goes on
  expect(topOf(inspector, inside)).toMatch(/actors\/scheduler\/[a-z-]+\.js$/);
  return inside;
}

const replayed = (turn: number): readonly string[] => [launcher, 'replay', file, '--turn', String(turn)];
const started = (turn: number): readonly string[] => ['--inspect-brk=0', ...replayed(turn)];
const attachedTo = (turn: number): readonly string[] => [...replayed(turn), '--inspect-brk', '0'];

it.each([
  { why: '--inspect-brk', args: attachedTo },
  { why: "an editor's own start", args: started },
])('$why stops inside the turn, and two steps lead into the actor', async ({ args }) => {
  const begun = await debugged(args(turns.binding));
  const { child, inspector } = begun;
  await toTheTurn(begun);
  const inside = await intoTheActor(begun);
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

it.each(['start', 'answer'] as const)('two steps lead into the actor from its %s, too', async (kind) => {
  const begun = await debugged(started(turns[kind]));
  await toTheTurn(begun);
  await intoTheActor(begun);
});

it('the documented way to attach leads to where --inspect-brk listens', async () => {
  const { child, inspector, url } = await debugged(attachedTo(turns.binding));
  const ended = once(child, 'exit');
  inspector.close();
  child.kill('SIGTERM'); // it ends the one that waits for a debugger, too
  await ended;
  const [launch, attach] = configurations();
  expect(attach?.address).toBe(new URL(url).hostname);
  expect(attach?.skipFiles).toEqual(launch?.skipFiles);
});

/** What the documentation's launch configuration tells the editor to step over. */
function skipped(): readonly string[] {
  return (configurations()[0]?.skipFiles ?? []).map((glob) =>
    glob
      .replace('<node_internals>/**', '^node:')
      .replace('${workspaceFolder}', '')
      .replace(/\./g, '\\.')
      .replace(/\*+/g, (stars) => (stars === '*' ? '[^/]*' : '.*'))
      .replace(/\.js$/, '.js$'),
  );
}

interface Configuration {
  readonly address?: string;
  readonly skipFiles: readonly string[];
}

/** The launch configurations of the documentation: to start, and to attach. */
function configurations(): readonly Configuration[] {
  const text = readFileSync(join(projectRoot, 'ops/docs/replay.md'), 'utf8');
  const [json = '{}'] = /\{\s*"version"[\s\S]*?\n\}/.exec(text) ?? [];
  return (JSON.parse(json) as { configurations: Configuration[] }).configurations;
}
