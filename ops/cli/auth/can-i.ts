import type { SelfSubjectAccessReview, SelfSubjectRulesReview } from '../../../contracts/kinds/kinds.ts';
import type { Client } from '../../client/client.ts';
import { formatTable } from '../objects/plan-table.ts';
import { resourceNamed } from '../objects/resources.ts';
import { Exit, UsageError } from '../shared/errors.ts';
import { FAILURE } from '../shared/render-error.ts';
import type { Terminal } from '../shared/terminal.ts';
import { type ClusterOptions, namespaceOf, withClient } from '../shared/with-client.ts';
import { type CanIOptions, planCanI } from './plan-can-i.ts';
import { planRulesTable } from './plan-rules-table.ts';

export interface AuthCanIOptions extends ClusterOptions, CanIOptions {
  readonly list?: boolean;
  readonly quiet?: boolean;
  /** `false`: without the header row. */
  readonly headers?: boolean;
}

/** Prints `yes` or `no`; the exit code is 1 for `no`. */
export async function canI(args: readonly string[], options: AuthCanIOptions, terminal: Terminal): Promise<void> {
  if (options.list === true && args.length > 0)
    throw new UsageError('--list shows everything that is allowed; leave out the verb and the resource');
  if (options.list === true && options.quiet === true)
    throw new UsageError('--quiet is for a question; leave it out with --list');
  await withClient(options, async (client) => {
    if (options.list === true) return listRules(client, options, terminal);
    const asked = planCanI(args, namespaceOf(options, client), options, resourceNamed);
    if ('problem' in asked) throw new UsageError(asked.problem);
    const { warnings, ...spec } = asked;
    if (options.quiet !== true) for (const warning of warnings) terminal.tell(warning);
    const { status } = await client.request<SelfSubjectAccessReview>(
      'create',
      'selfsubjectaccessreviews',
      {},
      { spec },
    );
    const { allowed = false, reason = '', evaluationError = '' } = status ?? {};
    const why = allowed ? '' : [reason, evaluationError].map((text) => (text === '' ? '' : ` - ${text}`)).join('');
    if (options.quiet !== true) terminal.out(`${allowed ? 'yes' : 'no'}${why}\n`);
    if (!allowed) throw new Exit(FAILURE);
  });
}

async function listRules(client: Client, options: AuthCanIOptions, terminal: Terminal): Promise<void> {
  const spec = { namespace: namespaceOf(options, client) };
  const asked = client.request<SelfSubjectRulesReview>('create', 'selfsubjectrulesreviews', {}, { spec });
  const { status = { resourceRules: [], nonResourceRules: [], incomplete: false } } = await asked;
  const head = ['Resources', 'Non-Resource URLs', 'Resource Names', 'Verbs'];
  terminal.out(formatTable([...(options.headers === false ? [] : [head]), ...planRulesTable(status)]));
}
