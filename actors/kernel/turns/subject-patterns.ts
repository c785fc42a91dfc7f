import { token } from '../../../contracts/subjects/token.ts';
import type { CallsDecl, HearDecl } from '../declare.ts';

/** Subscription pattern of an input; `undefined` for a watch, which receives no messages. */
export function patternOf(heard: HearDecl, prefix: string): string | undefined {
  if (heard.hear === 'watch') return undefined;
  if (heard.hear === 'calls' && heard.all === true) return `${beginningOf(heard, prefix)}>`;
  return heard.family.pattern(prefix, heard.fixed);
}

/** Does this input receive this subject? @param tokens the subject as parsed by the input's family */
export function hearsSubject(
  heard: CallsDecl,
  prefix: string,
  subject: string,
  tokens: Record<string, string> | undefined,
): boolean {
  if (tokens !== undefined) {
    return Object.entries((heard.fixed ?? {}) as Record<string, string>).every(
      ([name, value]) => tokens[name] === value,
    );
  }
  return heard.all === true && subject.startsWith(beginningOf(heard, prefix));
}

/** The common beginning of all subjects of an input: up to the first token that is not fixed, with a trailing dot. */
function beginningOf(heard: CallsDecl, prefix: string): string {
  const fixed = (heard.fixed ?? {}) as Record<string, string>;
  let beginning = `${prefix}.`;
  for (const part of heard.family.template.split('.')) {
    const value = part.startsWith('<') ? fixed[part.slice(1, -1)] : part;
    if (value === undefined) break;
    beginning += `${part.startsWith('<') ? token(value) : part}.`;
  }
  return beginning;
}
