import { UsageError } from '../shared/errors.ts';
import type { Terminal } from '../shared/terminal.ts';
import { checkNode } from './node-options.ts';

export interface DownOptions {
  readonly pods?: boolean;
  readonly node?: string;
}

export async function down({ pods, node }: DownOptions, terminal: Terminal): Promise<void> {
  if (node !== undefined) {
    await checkNode(node);
    if (pods !== true) throw new UsageError('--node names the node whose containers --pods removes; add --pods');
  }
  const { down: end } = await import('../../boot/down.ts');
  await end({
    say: (line) => terminal.out(`${line}\n`, 'news'),
    ...(pods === true ? { pods } : {}),
    ...(node === undefined ? {} : { node }),
  });
}
