import { checkNode } from '../cluster/node-options.ts';
import { UsageError } from '../shared/errors.ts';
import type { Terminal } from '../shared/terminal.ts';

export interface PermissionsOptions {
  readonly node?: readonly string[];
  readonly account?: string;
}

/** Prints the configuration to stdout, so that it can be redirected to a file, and notes to stderr. */
export async function permissions(options: PermissionsOptions, terminal: Terminal): Promise<void> {
  if (options.account !== undefined && !/^[A-Za-z0-9_-]+$/.test(options.account))
    throw new UsageError(`--account is "${options.account}"; use letters, digits, "-" and "_"`);
  for (const node of options.node ?? []) await checkNode(node);
  const [{ externalServer }, { declaredActors }] = await Promise.all([
    import('../../boot/nats/external-server.ts'),
    import('../../boot/roles/hosted-actors.ts'),
  ]);
  const nodes = options.node ?? [];
  const wanted = { nodes, ...(options.account === undefined ? {} : { account: options.account }) };
  const { config, made } = await externalServer(wanted, declaredActors);
  terminal.out(config);
  for (const { name, seedFile } of made) terminal.tell(`user ${name} is new; its seed is in ${seedFile}`);
}
