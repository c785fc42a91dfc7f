import { token } from '../../../contracts/subjects/token.ts';
import type { CallsDecl, HearDecl } from '../declare.ts';

/** Subscription pattern of one input; `undefined` for one that no message reaches. */
export function patternOf(heard: HearDecl, prefix: string): string | undefined {
  if (heard.hear === 'watch') return undefined;
  if (heard.hear === 'calls' && heard.all === true) return `${beginningOf(heard, prefix)}>`;
  return heard.family.pattern(prefix, heard.fixed);
}

/** Does this input hear this subject? `tokens` as its family parsed it. */
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

/** What every subject of an input begins with: up to the first token that is not fixed, with a dot at the end. */
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
