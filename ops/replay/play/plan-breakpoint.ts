import type { RecordedTurn } from '../../../actors/kernel/replay-api.ts';
import { parseKey } from '../../../contracts/store/keys.ts';
import { untoken } from '../../../contracts/subjects/token.ts';

/** Where a run stops. All that is given must hold. */
export interface Breakpoint {
  /** As NATS writes patterns (`*` one token, `>` the rest): of what was heard, or of something said. */
  readonly subject?: string;
  /** A kind of record (start, change, call, answer, due) or of object, as in `pods`, `pod` or `Pod`. */
  readonly kind?: string;
  readonly turn?: number;
  /** An expression over the turn. */
  readonly when?: string;
}

/** What the conditions of a breakpoint, except `when`, are checked against. */
export interface TurnSeen {
  readonly turn: RecordedTurn;
  /** Subjects of what today's code says. */
  readonly subjects: readonly string[];
}

export const RECORDS: ReadonlySet<string> = new Set(['start', 'change', 'call', 'answer', 'due']);

/** Whether all conditions but `when` hold in this turn. */
export function holdsIn({ subject, kind, turn }: Breakpoint, seen: TurnSeen): boolean {
  if (turn !== undefined && seen.turn.n !== turn) return false;
  if (subject !== undefined && !subjectsOf(seen).some((one) => matchesSubject(subject, one))) return false;
  if (kind === undefined) return true;
  return RECORDS.has(kind) ? seen.turn.rec.t === kind : concernsKind(seen, kind.toLowerCase());
}

function subjectsOf({ turn, subjects }: TurnSeen): readonly string[] {
  return turn.rec.t === 'call' ? [turn.rec.subject, ...subjects] : subjects;
}

function concernsKind(seen: TurnSeen, kind: string): boolean {
  const is = (resource: string | undefined): boolean => {
    const [name = ''] = (resource ?? '').split('/');
    return name === kind || name === `${kind}s` || name === `${kind}es` || name === `${kind.replace(/y$/, '')}ies`;
  };
  if (seen.turn.rec.t === 'change') return seen.turn.rec.keys.some((key) => is(parseKey(key)?.resource));
  return subjectsOf(seen).some((subject) => is(resourceOf(subject)));
}

/** The resource of `<prefix>.api.<caller>.<verb>.<resource>.…` */
function resourceOf(subject: string): string | undefined {
  const tokens = subject.split('.');
  const at = tokens.indexOf('api');
  return at < 0 ? undefined : untoken(tokens[at + 3] ?? '');
}

/** Whether this is a valid pattern that some subject can match. */
export const isPattern = (pattern: string): boolean =>
  /^[^\s.]+(\.[^\s.]+)*$/.test(pattern) && !pattern.split('.').slice(0, -1).includes('>');

/** Whether a subject matches a pattern, by NATS' rules. */
export function matchesSubject(pattern: string, subject: string): boolean {
  const want = pattern.split('.');
  const have = subject.split('.');
  for (const [at, token] of want.entries()) {
    if (token === '>') return have.length > at;
    if (token !== '*' && token !== have[at]) return false;
  }
  return want.length === have.length;
}

/** The conditions as the user types them: `--kind pods --when "said.length > 1"`. */
export const breakpointText = ({ subject, kind, turn, when }: Breakpoint): string =>
  [
    subject === undefined ? '' : `--subject ${subject}`,
    kind === undefined ? '' : `--kind ${kind}`,
    turn === undefined ? '' : `--turn ${turn}`,
    when === undefined ? '' : `--when ${JSON.stringify(when)}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
