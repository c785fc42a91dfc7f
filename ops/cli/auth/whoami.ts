import { stringify } from 'yaml';
import type { SelfSubjectReview } from '../../../contracts/kinds/kinds.ts';
import { formatTable } from '../objects/plan-table.ts';
import { UsageError } from '../shared/errors.ts';
import type { Terminal } from '../shared/terminal.ts';
import { type ClusterOptions, withClient } from '../shared/with-client.ts';

export interface WhoamiOptions extends ClusterOptions {
  readonly output?: string;
}

/** Prints who the api-server takes the caller for. */
export async function whoami({ output, ...options }: WhoamiOptions, terminal: Terminal): Promise<void> {
  if (output !== undefined && output !== 'json' && output !== 'yaml')
    throw new UsageError(`-o is "${output}"; use json or yaml`);
  await withClient(options, async (client) => {
    const review = await client.request<SelfSubjectReview>('create', 'selfsubjectreviews', {}, {});
    if (output === 'json') return terminal.out(`${JSON.stringify(review, undefined, 4)}\n`);
    if (output === 'yaml') return terminal.out(stringify(review));
    const { username = '', groups = [], extra = {} } = review.status?.userInfo ?? {};
    const more = Object.entries(extra).map(([name, value]) => [`Extra: ${name}`, `[${(value as string[]).join(' ')}]`]);
    return terminal.out(
      formatTable([['ATTRIBUTE', 'VALUE'], ['Username', username], ['Groups', `[${groups.join(' ')}]`], ...more]),
    );
  });
}
