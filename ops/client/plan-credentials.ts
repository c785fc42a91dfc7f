import { INBOX_ROOT, inboxPrefix } from '../../contracts/subjects/inbox.ts';
import { untoken } from '../../contracts/subjects/token.ts';

/** Where to connect, and as whom. */
export interface Credentials {
  readonly url: string;
  /** NATS user: `<caller>` in subjects. */
  readonly caller: string;
  /** First token of the cluster's subjects. */
  readonly prefix: string;
  readonly inboxPrefix: string;
  /** nkey seed; absent on a server without users. */
  readonly seed?: string;
  readonly password?: string;
  /** Text of a `.creds` file. */
  readonly creds?: string;
  /** A tenant's default namespace. */
  readonly namespace?: string;
}

/** What was found on this machine, with the contents of files. */
export interface CredentialSources {
  readonly url?: string | undefined;
  readonly user?: string | undefined;
  readonly seed?: string | undefined;
  readonly prefix?: string | undefined;
  /** A context of the `nats` command line. */
  readonly context?: NatsContext | undefined;
  /** From the files of `troupe up`. */
  readonly home?: Partial<Credentials> | undefined;
}

/** A context file of the `nats` command line; `nkey` and `creds` are paths there, contents here. */
export interface NatsContext {
  readonly url?: string;
  readonly user?: string;
  readonly password?: string;
  readonly nkey?: string;
  readonly creds?: string;
  readonly inbox_prefix?: string;
}

const DEFAULT_URL = 'nats://127.0.0.1:4222';

/**
 * Combines the sources: given values win over a context, which wins over the files of `troupe up`. Pure.
 * @returns `undefined` when there is no source
 */
export function planCredentials({ context, home, ...given }: CredentialSources): Credentials | undefined {
  if (given.url === undefined && context === undefined && home === undefined) return undefined;
  const url = given.url ?? context?.url ?? home?.url ?? DEFAULT_URL;
  const caller = given.user ?? contextUser(context) ?? home?.caller ?? 'anonymous';
  const seed = given.seed ?? nonEmpty(context?.nkey) ?? (context === undefined ? home?.seed : undefined);
  const password = nonEmpty(context?.password);
  const creds = nonEmpty(context?.creds);
  return {
    url,
    caller,
    prefix: given.prefix ?? home?.prefix ?? 'troupe',
    inboxPrefix: nonEmpty(context?.inbox_prefix) ?? inboxPrefix(caller),
    ...(seed === undefined ? {} : { seed: seed.trim() }),
    ...(password === undefined ? {} : { password }),
    ...(creds === undefined ? {} : { creds }),
    ...(home?.namespace === undefined || home.caller !== caller ? {} : { namespace: home.namespace }),
  };
}

/** The user of a context. */
export const contextUser = (context: NatsContext | undefined): string | undefined =>
  nonEmpty(context?.user ?? callerOfInbox(context?.inbox_prefix));

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

/** A private inbox prefix ends with the user's name. */
function callerOfInbox(prefix: string | undefined): string | undefined {
  const start = `${INBOX_ROOT}.`;
  return prefix?.startsWith(start) === true ? untoken(prefix.slice(start.length)) : undefined;
}
