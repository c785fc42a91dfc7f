import type { Family } from './family.ts';
import { token } from './token.ts';
import { nodeUser } from './users.ts';

/** All reply inboxes lie under this first token. */
export const INBOX_ROOT = '_INBOX';

/**
 * A user's private inbox prefix: no other user may subscribe under it, so no other user reads its answers. Every client
 * connects with it (`inboxPrefix`); the first request of a client that does not is rejected.
 * @param user NATS user: `<caller>` in subjects
 */
export const inboxPrefix = (user: string): string => `${INBOX_ROOT}.${token(user)}`;

/** Is this reply subject an inbox of the user that asks on this subject? */
export type IsAskersInbox = (subject: string, reply: string) => boolean;

/**
 * The broker holds a user to its own name in a subject, but checks no reply subject. An actor that answers may write into
 * inboxes of several users, so it answers only into an inbox of the user that the subject names as the asker: `<caller>`,
 * `<gateway>`, or the user of `<node>` where nodes ask. The rule also holds when the rest of the subject does not match the family's grammar.
 * @returns `undefined` when subjects of this family do not name the asker
 */
export function askersInbox(family: Family, prefix: string): IsAskersInbox | undefined {
  const { template, mode, askedByNode } = family;
  const [placeholder, user] =
    askedByNode === true ? ['<node>', nodeUser('')] : [template.includes('<gateway>') ? '<gateway>' : '<caller>', ''];
  const at = template.indexOf(placeholder);
  if (mode !== 'request' || at < 0) return undefined;
  const start = prefix.length + 1 + at;
  const inboxes = `${INBOX_ROOT}.${user}`;
  return (subject, reply) => {
    const end = subject.indexOf('.', start);
    return reply.startsWith(`${inboxes}${subject.slice(start, end < 0 ? undefined : end)}.`);
  };
}
