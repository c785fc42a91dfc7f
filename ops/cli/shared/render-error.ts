import { StatusError } from '../../../contracts/errors/status.ts';
import { Exit, UnplayableError, UsageError } from './errors.ts';

export const FAILURE = 1;
export const USAGE = 2;
/** A recording could not be opened or played, so whether it differs is not known. */
export const UNPLAYABLE = 3;
/** Exit code of a program that Ctrl-C ended, as shells report it. */
export const INTERRUPTED = 130;

/**
 * The lines to print for an error, `troupe get: <finding; remedy>`, and the exit code.
 * @param command   `troupe get`
 * @param namespace of -n, for commands in remedies
 */
export function renderError(
  command: string,
  error: unknown,
  namespace?: string,
): { readonly lines: readonly string[]; readonly code: number } {
  if (error instanceof Exit) return { lines: [], code: error.code };
  if (error instanceof UsageError) {
    return { lines: error.message.split('\n').map((line) => `${command}: ${line}`), code: USAGE };
  }
  if (error instanceof UnplayableError) return { ...renderError(command, error.cause), code: UNPLAYABLE };
  if (error instanceof StatusError) {
    return { lines: [`${command}: ${oneLine(error.message)}${remedyFor(error, namespace)}`], code: FAILURE };
  }
  const text = error instanceof Error ? error.message : String(error);
  return { lines: [`${command}: ${oneLine(text)} (this is a defect; TROUPE_DEBUG=1 shows where)`], code: FAILURE };
}

/** The remedy for an error in Kubernetes' own wording, which has none. */
function remedyFor({ reason, message }: StatusError, namespace: string | undefined): string {
  if (message.startsWith('previous terminated container '))
    return '; it has not been restarted: leave out --previous for its current output';
  if (reason === 'AlreadyExists' && /^[a-z][a-z0-9.-]* "[^"]*" already exists$/.test(message))
    return '; "troupe apply" changes what exists';
  if (reason !== 'NotFound') return '';
  const resource = /^([a-z][a-z0-9.-]*)(?:\/[a-z]+)? "[^"]*" not found$/.exec(message)?.[1];
  const there = namespace === undefined ? '' : ` -n ${namespace}`;
  return resource === undefined ? '' : `; see "troupe get ${resource}${there}"`;
}

/** No api-server answers: the error need not be repeated for every object. */
export const isHopeless = ({ reason }: StatusError): boolean => reason === 'ServiceUnavailable' || reason === 'Timeout';

const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ').trim();
