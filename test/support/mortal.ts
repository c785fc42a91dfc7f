import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { connect } from 'nats';
import { concat, concatMap, defer, EMPTY, of } from 'rxjs';
import { calls, defineActor, publish } from '../../actors/kernel/declare.ts';
import { NatsRecorder } from '../../actors/kernel/nats/nats-recorder.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { testHost } from './test-host.ts';

/** What its process is told besides what its actor hears. */
export const FLUSH = 'mortal.flush';
export interface Flushed {
  /** Turns that were recorded when the flush began. */
  readonly turns: number;
  readonly dropped: number;
}

/** Counts what it hears and tells so, in each turn; told `{ die: true }`, it ends its process in the midst of the turn. */
export const mortal = (die: () => void) =>
  defineActor({
    name: 'mortal',
    hears: { applies: calls(SUBJECTS.apply) },
    says: { tell: publish(SUBJECTS.outcome) },
    behave: (inputs, world) => {
      const heard = world.cell<number>('heard', 0);
      return inputs.applies.pipe(
        concatMap((call) => {
          const { die: fatal } = call.decode() as { readonly die?: boolean };
          heard.set(heard.get() + 1);
          const n = heard.get();
          const last = defer(() => {
            if (fatal === true) die();
            return EMPTY;
          });
          return concat(of(world.reply(call, { n })), last, of(world.say.tell({ caller: 'all' }, { n })));
        }),
      );
    },
  });

/** The process: the actor, recorded, on a connection of its own. */
export async function runMortal(url: string, flushMs?: number): Promise<void> {
  const connection = await connect({ servers: url });
  const log = (line: string): void => void process.stderr.write(`${line}\n`);
  const timing = flushMs === undefined ? {} : { flushMs };
  const recorder = new NatsRecorder({ connection, prefix: 'troupe', log, ...timing });
  connection.subscribe(FLUSH, {
    callback: (_error, msg) => {
      const { turns, dropped } = recorder.stats();
      void recorder.flush().then(() => msg.respond(JSON.stringify({ turns, dropped } satisfies Flushed)));
    },
  });
  await testHost({ connection, recorder, log }).start(mortal(() => process.kill(process.pid, 'SIGKILL')));
  await connection.flush();
  process.stdout.write('ready\n');
}

/** Starts it, from the sources. @returns once it hears */
export async function startMortal(url: string, flushMs?: number): Promise<ChildProcess> {
  const script = `
    const { runnerImport } = await import('vite');
    const { module } = await runnerImport(${JSON.stringify(fileURLToPath(import.meta.url))}, { configFile: false });
    await module.${runMortal.name}(...${JSON.stringify([url, ...(flushMs === undefined ? [] : [flushMs])])});`;
  const args = ['--input-type=module', '-e', script];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error('the process ended before it was ready'))),
  ]);
  return child;
}
