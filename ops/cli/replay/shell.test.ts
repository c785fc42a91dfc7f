import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import type { ActorDefinition } from '../../../actors/kernel/declare.ts';
import type { Heard } from '../../../actors/kernel/testing/test-world.ts';
import { scheduler } from '../../../actors/scheduler/scheduler.ts';
import type { Secret } from '../../../contracts/kinds/kinds.ts';
import type { Key } from '../../../contracts/store/keys.ts';
import { clusterKey, seal } from '../../../contracts/store/sealed.ts';
import { nodeNamed, podNamed, RecordingWorld, recordScheduling } from '../../bench/make-recording.ts';
import { chainOf } from '../../replay/explain/chain.ts';
import { ReplaySession } from '../../replay/play/session.ts';
import type { Playable } from '../../replay/read/playable.ts';
import { readPlayables } from '../../replay/read/source.ts';
import { painter } from '../shared/colours.ts';
import { codeOf } from './parts.ts';
import { ReplayShell } from './shell.ts';

/** Two nodes, two pods, both bound: six turns. */
function recorded(): Playable {
  const recording = new RecordingWorld(scheduler);
  for (const name of ['node-a', 'node-b']) recording.put('nodes', nodeNamed(name));
  recording.world.start();
  for (const name of ['web', 'db']) {
    const pod = podNamed(name);
    recording.put('pods', pod);
    recording.world.settle();
    const [bind] = recording.world.said('bind');
    const { target } = (bind as Heard).body as { target: { name: string } };
    recording.put('pods', { ...pod, spec: { ...pod.spec, nodeName: target.name } } as typeof pod);
    recording.world.settle().answer(bind as Heard, {});
    recording.world.advance(10);
  }
  return recording.playable();
}

/** A scheduler that sends every pod to node-b. */
const stubborn: ActorDefinition = {
  ...scheduler,
  behave: (inputs, world) => {
    const says = world.say as { bind: (target: object, body: { target: object }) => unknown };
    const bind = (target: object, body: { target: object }) =>
      says.bind(target, { ...body, target: { ...body.target, name: 'node-b' } });
    return scheduler.behave(inputs, { ...world, say: { ...says, bind } });
  },
};

let playable: Playable;
beforeEach(() => {
  playable = recorded();
});
function shellOn(definition: ActorDefinition = scheduler): ReplayShell {
  const session = new ReplaySession(playable, definition);
  return new ReplayShell(session, {
    paint: painter(false),
    causes: () =>
      chainOf(
        session,
        { all: () => Promise.resolve([playable]) },
        () => definition,
        session.frame?.says[0]?.said.subject ?? '',
      ),
  });
}
/** Types lines; gives what the last one showed. */
async function type(shell: ReplayShell, ...lines: string[]): Promise<string> {
  let seen = '';
  for (const line of lines) seen = await shell.run(line);
  return seen;
}

it('steps: what came in, what is said, what it does to the state', async () => {
  const shell = shellOn();
  expect(await type(shell, 'step 2', 'step')).toMatchInlineSnapshot(`
    "turn 3  00:00:00.000  change of pods default/web
        pods default/web created
      says
      = bind troupe.api.scheduler.create.pods=2Fbinding.default.web
      cells
        + assumed/pods.default.web: {"node":"node-b","uid":"web-uid"}
        + start: 0
    "
  `);
  expect(shell.prompt).toBe('scheduler/test 3/8');
});

it('shows in full what is said and what came in', async () => {
  const shell = shellOn();
  expect(await type(shell, 'break --kind pods', 'run', 'said')).toMatchInlineSnapshot(`
    "  = bind troupe.api.scheduler.create.pods=2Fbinding.default.web
          apiVersion: v1
          kind: Binding
          metadata:
            name: web
            namespace: default
            uid: web-uid
          target:
            apiVersion: v1
            kind: Node
            name: node-b
    "
  `);
  expect(await type(shell, 'goto 4', 'input')).toMatchInlineSnapshot(`
    "change of pods default/web
        pods default/web changed
          + spec.nodeName: node-b
    "
  `);
});

it('goes back, and an empty line goes on as before', async () => {
  const shell = shellOn();
  await type(shell, 'goto 5', 'back', '');
  expect(shell.prompt).toBe('scheduler/test 3/8');
  expect(await type(shell, 'back 99')).toBe('before the first turn\n');
  expect(await type(shell, 'back')).toBe('the beginning of the recording\n');
  expect(await type(shell, 'run')).toContain('the end of the recording; nothing differed');
  expect(await type(shell, 'step')).toBe('the end of the recording\n');
});

it('stops at breakpoints and watches, and lists and forgets them', async () => {
  const shell = shellOn();
  expect(await type(shell, 'break --when "said.some(s => s.subject.endsWith(\'.db\'))"')).toBe('breakpoint 1\n');
  expect(await type(shell, 'watch assumed/*')).toBe('watch 2: no value now; a run stops when there is one\n');
  expect(await type(shell, 'run')).toContain('watch 2: assumed/pods.default.web: nothing -> {"node":"node-');
  expect(await type(shell, 'list breaks')).toMatchInlineSnapshot(`
    "1  break --when "said.some(s => s.subject.endsWith('.db'))"
    2  watch assumed/*
    "
  `);
  expect(await type(shell, 'delete 2', 'run')).toContain('breakpoint 1: --when');
  expect(shell.session.frame?.says[0]?.said.subject).toMatch(/\.db$/);
});

it('a watch of a value in whichever cell stops where it changes', async () => {
  const shell = shellOn();
  expect(await type(shell, 'watch assumed/*.node')).toBe('watch 1: no value now; a run stops when there is one\n');
  expect(await type(shell, 'run')).toMatch(/^watch 1: assumed\/pods\.default\.web: nothing -> "node-[ab]"\n/);
  expect(await type(shell, 'cells assumed/*.uid')).toBe('assumed/pods.default.web: web-uid\n');
});

it('tells how many turns were not played, and why, before anybody takes it that nothing differs', async () => {
  playable = { ...playable, turns: playable.turns.filter(({ n }) => n !== 4) };
  const shell = shellOn();
  expect(await type(shell, 'step 2', 'step', 'where')).toMatch(/differed +nothing so far\n$/);
  expect(await type(shell, 'run')).toMatchInlineSnapshot(`
    "the end of the recording; nothing differed in the 3 turns that could be played
      turns not recorded: 1 after turn 3
      4 turns not played: 1 turn before is missing from the recording
         8  00:00:00.010  answer  answer to 6.0  -> event  (not played)
      it cannot be played: 1 turn before is missing from the recording; playing continues at the next start
    "
  `);
  expect(await type(shell, 'where')).toMatch(
    /differed +nothing so far\nnot played 4 turns: 1 turn before is missing from the recording\n$/,
  );
  playable = { ...playable, turns: playable.turns.filter(({ n }) => n > 4) };
  expect(await type(shellOn(), 'run')).toMatchInlineSnapshot(`
    "the end of the recording; no turn could be played
      4 turns not played: the recording begins in the middle
         8  00:00:00.010  answer  answer to 6.0  -> event  (not played)
      it cannot be played: the recording begins in the middle; playing continues at the next start
    "
  `);
});

it('counts what goto, find and back play on the way, too', async () => {
  playable = { ...playable, turns: playable.turns.filter(({ n }) => n !== 4) };
  const unplayed = /differed +nothing so far\nnot played (\d) turns: 1 turn before is missing from the recording\n$/;
  expect((await type(shellOn(), 'goto 8', 'where')).match(unplayed)?.[1]).toBe('4');
  expect((await type(shellOn(), 'find db', 'where')).match(unplayed)?.[1]).toBe('2');
  expect((await type(shellOn(), 'goto 8', 'back 3', 'where')).match(unplayed)?.[1]).toBe('4');
  expect(await type(shellOn(), 'goto 8', 'run')).toContain('nothing differed in the 3 turns that could be played');
});

it('the end does not speak for turns that were jumped over', async () => {
  playable = recordScheduling({ nodes: 2, pods: 60, batch: 3, checkpointTurns: 50 });
  const starts = playable.turns.filter(({ rec }) => rec.t === 'start');
  const [last, all] = [starts.at(-1)?.n ?? 0, playable.turns.length];
  expect(last).toBeGreaterThan(1);
  const shell = shellOn();
  expect(await type(shell, `goto ${last}`, 'run')).toContain(
    `the end of the recording; nothing differed in the ${all - last + 1} turns that were played\n`,
  );
  expect(await type(shell, 'goto 1', 'run')).toContain('the end of the recording; nothing differed\n');
});

it('of a turn that was not played no state is shown, and no score', async () => {
  playable = { ...playable, turns: playable.turns.filter(({ n }) => n !== 4) };
  const shell = shellOn();
  const why = 'turn 6 was not played (1 turn before is missing from the recording)';
  expect(await type(shell, 'goto 6', 'cells')).toBe(`no state is known: ${why}\n`);
  expect(await type(shell, 'cells start')).toBe(`no state is known: ${why}\n`);
  expect(await type(shell, 'scores')).toBe(`no score is known: ${why}\n`);
  expect(await type(shell, 'goto 3', 'cells')).toContain('assumed/pods.default.web:');
});

it('of a sealed Secret it does not say that it holds nothing', async () => {
  const recording = new RecordingWorld(scheduler);
  const key = clusterKey(new Uint8Array(32).fill(1));
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'pw', namespace: 'default' }, type: 'Opaque' };
  const closed = seal(
    'secrets.default.pw' as Key,
    { ...secret, data: { word: 'aHVzaA==' } } as Secret,
    key,
    new Uint8Array(12),
  );
  recording.put('secrets', closed as Secret);
  recording.put('secrets', { ...secret, metadata: { ...secret.metadata, name: 'empty' } } as Secret);
  recording.put('nodes', nodeNamed('node-a'));
  recording.world.start();
  recording.world.settle();
  playable = recording.playable();
  const shell = shellOn();
  await type(shell, 'step 9');
  expect(await type(shell, 'view secrets')).toMatch(/ DATA .*\n.* empty +Opaque +0 .*\n.* pw +Opaque +\? .*\n$/);
  expect(await type(shell, 'view secret/pw')).toMatch(/\nsealed: \(not shown; .*--key.*\)\n$/);
});

it('shows the state and the view as they were at the turn', async () => {
  const shell = shellOn();
  await type(shell, 'goto 3');
  expect(await type(shell, 'cells')).toMatch(/^assumed\/pods\.default\.web:\n {2}node: node-/);
  expect(await type(shell, 'cells assumed/pods.default.web.uid')).toBe('assumed/pods.default.web: web-uid\n');
  expect(await type(shell, 'view pods')).toMatch(/NAMESPACE .*\ndefault +web .*\n$/);
  expect(await type(shell, 'view pod/web')).not.toContain('nodeName');
  expect(await type(shell, 'goto 8', 'view pod/web')).toContain('nodeName: node-');
  expect(await type(shell, 'view rs')).toBe(`there are no replicasets at revision 6\n`);
  await type(shell, 'goto 3');
  expect(await type(shell, 'where')).toMatch(
    /turn {7}3 of 8.*\nview {7}revision 3, 3 objects\n.*\nawaits {5}ask 3\.0: bind /,
  );
});

it('finds the turns about an object, and shows the scores of a placement', async () => {
  const shell = shellOn();
  expect(await type(shell, 'find db')).toMatch(/^turn 6 .*change of pods default\/db\n/);
  expect(await type(shell, 'scores')).toMatch(
    /scores of the nodes for default\/db\n +NODE +LEAST ALLOCATED +BALANCED +TAINTS +TOTAL +CHOSEN\n +node-[ab] .* then, now\n +node-[ab] .*\d\n$/,
  );
  expect(await type(shell, 'find pod/db')).toMatch(/^turn 7 /);
  expect(await type(shell, 'scores')).toBe('no pod is placed in this turn\n');
  expect(await type(shell, 'find db', 'find db')).toBe('no later turn is about db\n');
});

it('follows the causes of a turn', async () => {
  const shell = shellOn();
  expect(await type(shell, 'goto rev:3')).toContain('pods default/web created');
  expect(await type(shell, 'goto 5', 'why')).toMatchInlineSnapshot(`
    "    00:00:00.000  scheduler/test 5  heard the answer to bind troupe.api.scheduler.create.pods=2Fbinding.default.web
        00:00:00.000  scheduler/test 3  heard that pods default/web was written (revision 3)
    "
  `);
});

it('stops where the code acts differently, and shows the difference', async () => {
  const shell = shellOn(stubborn);
  const out = await type(shell, 'run');
  expect(out).toContain("today's code acts differently here");
  expect(out).toContain('      - target.name: node-a\n      + target.name: node-b\n');
});

it.each([
  ['stpe', 'there is no command "stpe"; did you mean "step"?'],
  ['step many', '"many" is not a number of turns'],
  ['step 2 3', 'step [n] does not take "3"; see "help step"'],
  ['run 5', 'run does not take "5"; "step 5" plays that many turns'],
  ['run web', 'run does not take "web"; see "help run"'],
  ['where now', 'where does not take "now"; see "help where"'],
  ['list many', 'list takes breaks, or a number of turns, not "many"'],
  ['goto', 'goto needs a turn (1204)'],
  ['find', 'find needs the name of an object'],
  ['goto noon', '"noon" is not a point of a recording'],
  ['goto 25:00', '"25:00" is not a point of a recording'],
  ['break', 'break needs a condition: it takes --subject'],
  ['break --turn x', 'break: --turn is "x"; give the number of a turn'],
  ['break --turn 99', 'break: there is no turn 99; the recording has turns 1 to 8'],
  ['break --turn 0', 'break: there is no turn 0; the recording has turns 1 to 8'],
  ['break --turn', 'break: option "--turn <value>" argument missing; it takes --subject'],
  ['break 5', 'break: unexpected argument "5"; it takes --subject'],
  ['break --subject ""', 'break: --subject is empty; give one, for example "troupe.api.>"'],
  ['break --kind podz', 'there is no kind "podz"'],
  ['break --colour red', 'break: unknown option "--colour"; it takes --subject'],
  ['break --when "trun > 3"', 'trun is not defined; an expression may use turn, now, rec, body, said, cells'],
  [
    'break --when rec.t==="call"',
    'call is not defined; an expression may use turn, now, rec, body, said, cells, and one with quotes in it must be quoted as a whole',
  ],
  ['break --subject troupe..x', 'break: --subject troupe..x matches no subject: give names or * between the dots'],
  ['break --subject ">.pods"', 'break: --subject >.pods matches no subject'],
  ['break --when "turn >"', 'an expression may use'],
  ['break --when " "', 'break: --when is empty; give an expression'],
  ['break --kind change --kind pods', 'break takes --kind once, because all conditions must hold'],
  ['watch', 'watch needs a cell'],
  ['delete 9', 'there is no breakpoint or watch 9'],
  ['view', 'view what?'],
  ['view pod/nobody', 'there is no pod/nobody at revision 3; "view pods" shows what there is'],
  ['view bods', 'there is no kind "bods"; did you mean "pods"?'],
  ['step "', 'a quote is not closed'],
])('%s: one line with a way out', async (line, finding) => {
  const shell = shellOn();
  await type(shell, 'goto 3');
  await expect(shell.run(line)).rejects.toThrow(finding);
});

it('before the first turn, too, an expression is refused that speaks of what there never is', async () => {
  const shell = shellOn();
  await expect(shell.run('break --when rec.t==="call"')).rejects.toThrow('call is not defined; an expression may use');
  expect(await shell.run(`break --when 'said[0].body.target.name === "node-a"'`)).toBe('breakpoint 1\n');
  expect(await shell.run(`break --when 'cells.none.length > rec.keys.length + body.spec.replicas'`)).toBe(
    'breakpoint 2\n',
  );
});

it('of an actor that sees nothing of the store, view shows what it was told, and all its cells of that', async () => {
  const rollout = join(import.meta.dirname, '../../../test/fixtures/decisions/rollout.troupe');
  playable = readPlayables(rollout).find(({ incarnation }) => incarnation.self.actor === 'kubelet') as Playable;
  const shell = shellOn(codeOf(playable));
  const told = (): boolean => Object.keys(shell.session.cells()).some((name) => name.startsWith('status/'));
  while (!told()) expect(shell.session.step()).toBeDefined();
  const [, , name = '', cell = ''] =
    /^the actor does not see the store here; .*\nNAMESPACE +NAME +CELL *\n(\S+) +(\S+) +(\S+)/.exec(
      await shell.run('view pods'),
    ) ?? [];
  const shown = await shell.run(`view pods/${name}`);
  expect(shown).toContain(`${cell}:`);
  expect(shown).toContain(`${cell.replace('pod/', 'status/')}:`);
  expect(await shell.run('view nodes')).toMatch(/^the actor does not see the store here, and its cells hold no nodes;/);
  await expect(shell.run('view pods/nobody')).rejects.toThrow('no cell holds a pod nobody here; "view pods" shows');
});

it('a run that takes long is ended where it is by whoever interrupts it, and goes on from there', async () => {
  const shell = shellOn();
  expect(shell.interrupt()).toBe(false);
  let now = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 1_000));
  onTestFinished(() => clock.mockRestore());
  const running = shell.run('run');
  expect(shell.interrupt()).toBe(true);
  expect(shell.interrupt()).toBe(false); // who asks again wants to leave
  expect(await running).toMatch(/^interrupted; "run" goes on\nturn 1 /);
  expect(await shell.run('')).toMatch(/^the end of the recording; nothing differed\n/);
});

it('an expression that fails on the way is named, with its breakpoint', async () => {
  const shell = shellOn();
  await type(shell, 'break --when "turn < 3 ? false : (() => { for (;;); })()"');
  await expect(shell.run('run')).rejects.toMatchObject({
    name: 'StatusError',
    message: expect.stringMatching(/^breakpoint 1: .*timed out after 250ms; "delete 1" removes it$/) as string,
  });
  expect(await type(shell, 'delete 1', 'run')).toContain('the end of the recording');
});

it('completes commands, flags, cells and objects', async () => {
  const shell = shellOn();
  await type(shell, 'goto 3');
  expect(shell.complete('st')).toEqual(['step']);
  expect(shell.complete('break --w')).toEqual(['--when']);
  expect(shell.complete('watch a')).toEqual(['assumed/pods.default.web']);
  expect(shell.complete('view nodes/')).toEqual(['nodes/node-a', 'nodes/node-b']);
});

it('goes to no turn that there is not', async () => {
  const shell = shellOn();
  await expect(type(shell, 'goto 99')).rejects.toThrow(/^there is no turn 99; the last is \d+$/);
  await expect(type(shell, 'goto rev:99')).rejects.toThrow(/^no turn saw revision 99; the last saw \d+$/);
  expect(await type(shell, 'where')).toMatch(/^turn +0 of /);
  expect(await type(shell, 'why')).toBe('before the first turn\n');
});

it('its help fits a terminal', async () => {
  for (const line of (await type(shellOn(), 'help')).split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
});
