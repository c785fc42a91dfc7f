import { Duplex, PassThrough, Readable } from 'node:stream';
import type { ExecConfig, ExecProcess } from '../../contracts/runtime/adapter.ts';
import type { SimulatedContainer } from './simulated-node.ts';

const NOT_FOUND = 127;
const KILLED = 137;

/**
 * Runs one of the commands that every simulated container knows: `cat`, `echo <words>`, `sleep`, which ends only when it is killed,
 * and `sh -c "exit <code>"`. All others are not found.
 */
export function exec(container: SimulatedContainer, { command, stdin }: ExecConfig): ExecProcess {
  const input = new PassThrough();
  if (!stdin) input.end();
  let end = (_code: number): void => undefined;
  const exitCode = new Promise<number>((resolve) => (end = resolve));
  const kill = (): void => {
    container.onEnd.delete(kill);
    end(KILLED);
    stdout.destroy();
    input.destroy();
  };
  container.onEnd.add(kill);
  const { stdout, stderr = Readable.from([]), code } = run(command, input);
  stdout.on('error', () => undefined);
  void code.then((ended) => {
    container.onEnd.delete(kill);
    end(ended);
  });
  return {
    stdin: input,
    stdout,
    stderr,
    exitCode,
    resize: () => Promise.resolve(),
    kill: () => Promise.resolve(kill()),
  };
}

interface Output {
  readonly stdout: Readable;
  readonly stderr?: Readable;
  readonly code: Promise<number>;
}

function run([program = '', ...args]: readonly string[], input: Readable): Output {
  const text = (words: string): Readable => Readable.from([Buffer.from(words)], { objectMode: false });
  if (program === 'cat') {
    const code = new Promise<number>((resolve) => input.once('end', () => resolve(0)));
    return { stdout: input.pipe(new PassThrough()), code };
  }
  if (program === 'echo') return { stdout: text(`${args.join(' ')}\n`), code: Promise.resolve(0) };
  if (program === 'sleep') return { stdout: new PassThrough(), code: new Promise(() => undefined) };
  const exit = program === 'sh' && args[0] === '-c' ? /^exit (\d{1,3})$/.exec(args[1] ?? '') : null;
  if (exit !== null) return { stdout: Readable.from([]), code: Promise.resolve(Number(exit[1])) };
  return { stdout: Readable.from([]), stderr: text(`${program}: not found\n`), code: Promise.resolve(NOT_FOUND) };
}

/** A connection to a simulated port, which sends back what it gets. */
export function echo(): Duplex {
  const back = new PassThrough();
  return Duplex.from({ writable: back, readable: back });
}
