import { dnsSubdomain } from '../../../contracts/kinds/name-formats.ts';
import type { Answer, Context } from '../context.ts';
import type { Obj } from '../object.ts';
import { unlessRefused } from '../read/reads.ts';
import { forbidden } from '../refusals.ts';
import type { Target } from '../request.ts';

/** The namespace controller makes it a moment after the namespace: whoever is quicker is not refused. */
const MADE_LATER = 'default';

/** A pod is made under no account that is not there. @param pod as it was sent */
export const mayRunUnder = (context: Context, { kind, namespace }: Target, pod: Obj): Answer<void> =>
  unlessRefused(context, ({ view }) => {
    const account = kind.resource === 'pods' ? accountOf(pod) : MADE_LATER;
    if (account === MADE_LATER || view.get('serviceaccounts', namespace, account) !== undefined) return undefined;
    const finding = `error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`;
    return forbidden(kind.resource, pod.metadata.name || pod.metadata.generateName || '', finding);
  });

/** What is no name at all admission refuses, in words of its own. */
function accountOf({ spec }: Obj): string {
  const named = spec?.['serviceAccountName'] || spec?.['serviceAccount'];
  return typeof named === 'string' && dnsSubdomain(named).length === 0 ? named : MADE_LATER;
}
