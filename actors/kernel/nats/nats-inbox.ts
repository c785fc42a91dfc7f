import { INBOX_ROOT } from '../../../contracts/subjects/inbox.ts';

/** Enough that nobody guesses it, and of letters and digits alone. */
export const randomToken = (): string => crypto.randomUUID().replaceAll('-', '').slice(0, 22);

/**
 * An inbox of its own, for who must believe what comes there. The client's `createInbox` counts on from one to the next, and the ids of
 * micro services, which all may read, come from the same counter; nodes may write into every inbox that they can name.
 * @param prefix under which this user may listen
 */
export const newInbox = (prefix: string = INBOX_ROOT): string => `${prefix}.${randomToken()}`;
