import { INBOX_ROOT } from '../../../contracts/subjects/inbox.ts';

/** 22 random hex digits: impossible to guess. */
export const randomToken = (): string => crypto.randomUUID().replaceAll('-', '').slice(0, 22);

/**
 * A new inbox subject that cannot be guessed. The client's `createInbox` counts up, and the ids of micro services, which
 * all users may read, come from the same counter; a node may publish to every inbox whose name it knows.
 * @param prefix a prefix that this user may subscribe under
 */
export const newInbox = (prefix: string = INBOX_ROOT): string => `${prefix}.${randomToken()}`;
