import type { Family } from './family.ts';
import { token } from './token.ts';

/** All reply inboxes lie under this first token. */
export const INBOX_ROOT = '_INBOX';

/**
 * A user's private inbox prefix: nobody else may subscribe under it, so nobody else reads its answers. Every client
 * connects with it (`inboxPrefix`); a client that does not is refused its first request.
 * @param user NATS user: `<caller>` in subjects
 */
export const inboxPrefix = (user: string): string => `${INBOX_ROOT}.${token(user)}`;

/** Is this reply subject an inbox of the one who asks on this subject? */
export type IsAskersInbox = (subject: string, reply: string) => boolean;

/**
 * The broker holds a user to its own name in a subject, but looks at no reply subject. Who answers may write into every
 * inbox, so an answer goes only to the inboxes of the user whom the subject names as the one who asks: also when the
 * rest of the subject is not of the family's grammar.
 * @returns `undefined` when subjects of this family do not say who asks
 */
export function askersInbox({ template, mode }: Family, prefix: string): IsAskersInbox | undefined {
  const at = template.indexOf('<caller>');
  if (mode !== 'request' || at < 0) return undefined;
  const start = prefix.length + 1 + at;
  return (subject, reply) => {
    const end = subject.indexOf('.', start);
    return reply.startsWith(`${INBOX_ROOT}.${subject.slice(start, end < 0 ? undefined : end)}.`);
  };
}
