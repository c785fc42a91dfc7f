import { dnsSubdomain } from '../../../contracts/kinds/name-formats.ts';
import { forbidden } from '../api-errors.ts';
import type { Answer, Context } from '../context.ts';
import type { Obj } from '../object.ts';
import { checkAgainstView } from '../read/get-and-list.ts';
import type { Target } from '../request.ts';

/** The namespace controller creates this account shortly after the namespace; a pod that is created before it is accepted. */
const DEFAULT_ACCOUNT = 'default';

/** Rejects a pod whose ServiceAccount does not exist. @param pod as it was sent */
export const checkServiceAccount = (context: Context, { kind, namespace }: Target, pod: Obj): Answer<void> =>
  checkAgainstView(context, ({ view }) => {
    const account = kind.resource === 'pods' ? accountOf(pod) : DEFAULT_ACCOUNT;
    if (account === DEFAULT_ACCOUNT || view.get('serviceaccounts', namespace, account) !== undefined) return undefined;
    const finding = `error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`;
    return forbidden(kind.resource, pod.metadata.name || pod.metadata.generateName || '', finding);
  });

/** An invalid name counts as the default here: validation rejects it. */
function accountOf({ spec }: Obj): string {
  const named = spec?.['serviceAccountName'] || spec?.['serviceAccount'];
  return typeof named === 'string' && dnsSubdomain(named).length === 0 ? named : DEFAULT_ACCOUNT;
}
