import { token } from './token.ts';

/** All reply inboxes lie under this first token. */
export const INBOX_ROOT = '_INBOX';

/**
 * A user's private inbox prefix: nobody else may subscribe under it, so nobody else reads its answers. Every client
 * connects with it (`inboxPrefix`); a client that does not is refused its first request.
 * @param user NATS user: `<caller>` in subjects
 */
export const inboxPrefix = (user: string): string => `${INBOX_ROOT}.${token(user)}`;
