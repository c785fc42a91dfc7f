import { StatusError } from '../../../contracts/errors/status.ts';
import { Exit, UnplayableError, UsageError } from './errors.ts';

export const FAILURE = 1;
export const USAGE = 2;
/** A recording, or what was given with it, could not be opened or played: nothing is known of whether it differs. */
export const UNPLAYABLE = 3;
/** As a shell reports a program that Ctrl-C ended. */
export const INTERRUPTED = 130;

/**
 * What a person reads of an error: one line a finding, `troupe get: <what, and what to do>`, and the exit code.
 * @param command `troupe get`
 * @param namespace the one that was named, for the commands that are pointed to
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
    return { lines: [`${command}: ${oneLine(error.message)}${wayOut(error, namespace)}`], code: FAILURE };
  }
  const text = error instanceof Error ? error.message : String(error);
  return { lines: [`${command}: ${oneLine(text)} (this is a defect; TROUPE_DEBUG=1 shows where)`], code: FAILURE };
}

/** The server says that something is not there as Kubernetes does, and no more; who typed its name is told where to look. */
function wayOut({ reason, message }: StatusError, namespace: string | undefined): string {
  if (message.startsWith('previous terminated container '))
    return '; it has not been restarted: leave out --previous for what it writes now';
  if (reason === 'AlreadyExists' && /^[a-z][a-z0-9.-]* "[^"]*" already exists$/.test(message))
    return '; "troupe apply" changes what exists';
  if (reason !== 'NotFound') return '';
  const resource = /^([a-z][a-z0-9.-]*)(?:\/[a-z]+)? "[^"]*" not found$/.exec(message)?.[1];
  const there = namespace === undefined ? '' : ` -n ${namespace}`;
  return resource === undefined ? '' : `; see "troupe get ${resource}${there}"`;
}

/** Nobody serves: what is said once need not be said for every object. */
export const isHopeless = ({ reason }: StatusError): boolean => reason === 'ServiceUnavailable' || reason === 'Timeout';

const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ').trim();
