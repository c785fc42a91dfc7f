import { statusError } from '../../../contracts/errors/status.ts';
import { HEADER } from '../../../contracts/headers.ts';
import { isPlain } from '../../../contracts/json-values.ts';
import { ANONYMOUS, AUTHENTICATED, MASTERS, NODES } from '../../../contracts/kinds/rbac/groups.ts';
import { MASTER, nodeOfUser, OPERATOR } from '../../../contracts/subjects/users.ts';
import type { Call } from '../../kernel/contract.ts';
import type { UserInfo } from './user-info.ts';

/**
 * The user behind the `<caller>` of a subject, which the broker has proved. Pure.
 * @param own the user of the api-server's process, whatever it is called: the control plane's
 */
export function planUser(caller: string, own: string): UserInfo {
  const isMaster = caller === OPERATOR || caller === MASTER || caller === own;
  const group = isMaster ? MASTERS : nodeOfUser(caller) === undefined ? undefined : NODES;
  return { name: caller, groups: group === undefined ? [AUTHENTICATED] : [group, AUTHENTICATED], key: caller };
}

/** Longest of each of the headers, and most groups that a gateway may name. */
const HEADER_MAX = 16 * 1024;
const GROUPS_MAX = 1_000;

const refused = (finding: string) => statusError('Unauthorized', `Unauthorized: ${finding}`);

function parsed(name: string, text: string | undefined): unknown {
  if (text === undefined || text === '') return undefined;
  if (text.length > HEADER_MAX) throw refused(`header ${name} is longer than ${HEADER_MAX} characters`);
  try {
    return JSON.parse(text);
  } catch {
    throw refused(`header ${name} is not JSON`);
  }
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string' && one !== '');

/**
 * The user that a gateway names in its headers. The broker lets gateways alone publish where these are read, and a gateway is
 * trusted with every name and group, as Kubernetes trusts a front proxy. Pure.
 * @throws StatusError Unauthorized: no user, or headers that cannot be read
 */
export function planEdgeUser(gateway: string, headers: Call['headers']): UserInfo {
  const name = headers[HEADER.user] ?? '';
  if (name === '') throw refused(`header ${HEADER.user} must name the user for whom gateway "${gateway}" asks`);
  if (name.length > HEADER_MAX) throw refused(`header ${HEADER.user} is longer than ${HEADER_MAX} characters`);
  const claimed = parsed(HEADER.groups, headers[HEADER.groups]) ?? [];
  if (!isTexts(claimed)) throw refused(`header ${HEADER.groups} must be a JSON list of group names`);
  if (claimed.length > GROUPS_MAX) throw refused(`header ${HEADER.groups} names more than ${GROUPS_MAX} groups`);
  const extra = parsed(HEADER.extra, headers[HEADER.extra]) ?? {};
  if (!isPlain(extra) || !Object.values(extra).every(isTexts))
    throw refused(`header ${HEADER.extra} must be a JSON object of lists of texts`);
  const groups = name === ANONYMOUS ? claimed : [...new Set([...claimed, AUTHENTICATED])];
  return {
    name,
    groups,
    ...(Object.keys(extra).length === 0 ? {} : { extra: extra as Record<string, readonly string[]> }),
    via: gateway,
    key: JSON.stringify([name, ...groups]),
  };
}
