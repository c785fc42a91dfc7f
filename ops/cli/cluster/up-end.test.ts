import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { silent } from '../../../test/support/command-line.ts';
import { homePaths } from '../../boot/home/home.ts';
import { runningUp } from '../../boot/home/home-lock.ts';
import { choosePort } from '../../boot/nats/nats-process.ts';
import { up } from './up.ts';

/** As where its server is gone before it has answered. */
vi.mock('./node-warning.ts', () => ({ warnAboutNode: () => new Promise(() => undefined) }));

it('a start that is ended does not wait for what it asked of the server that it ended', async () => {
  const home = mkdtempSync(join(tmpdir(), 'troupe-up-end-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv('TROUPE_HOME', home);
  vi.stubEnv('TROUPE_RUNTIME', 'simulated');
  const ended = new AbortController();
  const said: string[] = [];
  const out = (text: string): void => {
    said.push(text);
    if (text.startsWith('cluster is up')) ended.abort();
  };
  await up({ port: String(await choosePort(0)) }, { ...silent, signal: ended.signal, out });
  expect(said.at(-1)).toMatch(/^stopping the control plane; /);
  expect(runningUp(homePaths(home))).toBeUndefined();
}, 60_000);
