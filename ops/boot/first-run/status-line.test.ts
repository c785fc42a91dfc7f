import { expect, it } from 'vitest';
import { StatusLine } from './status-line.ts';

function lineOn(isTTY: boolean) {
  const written: string[] = [];
  return { line: new StatusLine({ isTTY, write: (text) => written.push(text) }), written };
}

it('is written over on a terminal, and other lines go above it', () => {
  const { line, written } = lineOn(true);
  line.print('cluster is up');
  line.show('1 of 3 pods ready');
  line.show('1 of 3 pods ready');
  line.print('worker was killed by SIGKILL');
  line.show('3 of 3 pods ready');
  line.finish();
  line.print('done');
  expect(written).toEqual([
    'cluster is up\n',
    '\r\x1b[K1 of 3 pods ready',
    '\r\x1b[Kworker was killed by SIGKILL\n1 of 3 pods ready',
    '\r\x1b[K3 of 3 pods ready',
    '\n',
    'done\n',
  ]);
});

it('is a line a change elsewhere', () => {
  const { line, written } = lineOn(false);
  line.show('1 of 3 pods ready');
  line.show('1 of 3 pods ready');
  line.print('worker was killed by SIGKILL');
  line.show('3 of 3 pods ready');
  line.finish();
  expect(written).toEqual(['1 of 3 pods ready\n', 'worker was killed by SIGKILL\n', '3 of 3 pods ready\n']);
});
