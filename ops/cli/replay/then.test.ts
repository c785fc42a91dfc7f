import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RecordedTurn } from '../../../actors/kernel/journal/journal.ts';
import { MemoryHistory } from '../../../actors/kernel/replay.ts';
import { encode, MSGPACK_TYPE } from '../../../contracts/codec/codec.ts';
import { failure } from '../../../contracts/errors/status.ts';
import { LonelyApiServer } from '../../../test/support/lonely-api-server.ts';
import { NO_SOCKETS } from '../../../test/support/no-sockets.ts';
import { saveRecording } from '../../../test/support/save-recording.ts';
import { launcher } from '../../boot/home/project-root.ts';
import type { Playable } from '../../replay/read/playable.ts';

/*
 * Goal: what was said then is shown, also where a hash of it was recorded and no more, whoever compares.
 * Method: record an api-server; then play that with a build whose api-server adds a field to whatever it answers, offline.
 */

/** Rewrites the built api-server as it is loaded. */
const ADDING = `
  import { register } from 'node:module';
  const hooks = \`
    export async function load(url, context, next) {
      const loaded = await next(url, context);
      if (!url.endsWith('/dist/actors/api-server/api-server.js')) return loaded;
      const honest = loaded.source.toString().replace('export function apiServer', 'function honest');
      return { ...loaded, source: honest + process.env.ADDING };
    }\`;
  register('data:text/javascript,' + encodeURIComponent(hooks));
`;
const ADDED = `
import { map as mapSaid } from 'rxjs';
const more = (said) => (said.kind === 'reply' || said.say === 'event' ? { ...said, body: { ...said.body, more: true } } : said);
export const apiServer = (options) => {
  const definition = honest(options);
  return { ...definition, behave: (inputs, world) => definition.behave(inputs, world).pipe(mapSaid(more)) };
};`;

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'troupe-then-'));
  writeFileSync(join(folder, 'adding.mjs'), ADDING);
  writeFileSync(join(folder, 'no-sockets.mjs'), NO_SOCKETS);
  mkdirSync(join(folder, 'recordings'));
  const { server, asker } = refused(recorded());
  file = save('recordings/api-server.troupe', server);
  save('recordings/runtime.troupe', asker);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Somebody makes two pods and reads them. */
function recorded(): Playable {
  const cluster = new LonelyApiServer();
  for (const name of ['web', 'db']) {
    const labels = { app: name };
    cluster.ask('create', 'pods', ['default'], {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels },
      spec: { containers: [{ name: 'c', image: 'busybox' }] },
    });
  }
  cluster.ask('get', 'pods', ['default', 'web']);
  cluster.ask('list', 'pods', ['default'], { labelSelector: 'app=web' });
  cluster.ask('get', 'pods', ['default', 'nobody'], { resourceVersion: 'x' });
  const { incarnation, turns, writes } = cluster.world.recording();
  return { incarnation, turns, history: new MemoryHistory(writes) };
}

const save = (name: string, playable: Playable): string => saveRecording(join(folder, name), playable);

function troupe(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const preloads = ['adding', 'no-sockets'].flatMap((name) => ['--import', join(folder, `${name}.mjs`)]);
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...preloads, launcher, ...args],
      { cwd: folder, env: { ...process.env, TROUPE_HOME: join(folder, 'home'), ADDING: ADDED } },
      (_error, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

/** A driver that asked for what it may not, and was refused: in a file of its own. */
function refused(server: Playable): { readonly server: Playable; readonly asker: Playable } {
  const asked = '1.0';
  const about = (turn: RecordedTurn): boolean => turn.rec.t === 'call' && turn.rec.subject.endsWith('.nobody');
  const turns = server.turns.map((turn) =>
    about(turn) && turn.rec.t === 'call' ? { ...turn, rec: { ...turn.rec, id: `runtime/n1/1.${asked}` } } : turn,
  );
  const [start] = turns as [RecordedTurn];
  const result = encode(
    failure('BadRequest', 'get: option resourceVersion must be a resourceVersion that the server returned'),
    MSGPACK_TYPE,
  );
  const { incarnation } = server;
  return {
    server: { ...server, turns },
    asker: {
      incarnation: {
        ...incarnation,
        incarnation: 1,
        driver: true,
        self: { ...incarnation.self, actor: 'runtime', instance: 'n1' },
      },
      turns: [
        { ...start, said: [] },
        { ...start, n: 2, said: [], rec: { t: 'answer', ask: asked, result } },
      ],
      history: server.history,
    },
  };
}

const CHANGED = / {2}≠ reply _INBOX\.alice\.\d+\n {6}\+ more: true\n/g;

it('plain replay shows it', async () => {
  const { code, out, err } = await troupe('replay', file);
  expect(err).toBe('');
  expect(out.match(CHANGED)).toHaveLength(1);
  expect(code).toBe(1);
});

it('a turn shows it, and who steps through sees it', async () => {
  const [{ turn }] = (
    JSON.parse((await troupe('replay', file, '-o', 'json')).out) as [{ divergence: { turn: number } }]
  ).map(({ divergence }) => divergence) as [{ turn: number }];
  const whole = await troupe('replay', file, '--turn', String(turn));
  expect(whole.out.match(CHANGED)).toHaveLength(1);
  expect(whole.code).toBe(1);
});

it('check shows it, of every answer; a refusal, where whoever was refused is recorded in a file beside', async () => {
  const { code, out, err } = await troupe('replay', 'check', 'recordings', '--full');
  expect(err).toBe('');
  expect(out).toMatch(/5 of 5 answers change, first at turn \d+\n/);
  expect(out.match(CHANGED)).toHaveLength(5);
  expect(code).toBe(3); // a driver's recording is nothing to check

  const alone = await troupe('replay', 'check', file, '--full');
  expect(alone.out.match(CHANGED)).toHaveLength(4);
  expect(alone.out).toMatch(/then\n {8}\(\d+ bytes, recorded only as a hash, as answers are; it was not an object /);
  expect(alone.code).toBe(1);
});
