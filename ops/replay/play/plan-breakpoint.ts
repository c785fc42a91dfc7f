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

/** What a breakpoint may look at without playing anything. */
export interface Told {
  readonly turn: RecordedTurn;
  /** Subjects of what is said now. */
  readonly subjects: readonly string[];
}

export const RECORDS: ReadonlySet<string> = new Set(['start', 'change', 'call', 'answer', 'due']);

/** Does everything but `when`, which has to be evaluated elsewhere, hold in this turn? */
export function holdsIn({ subject, kind, turn }: Breakpoint, told: Told): boolean {
  if (turn !== undefined && told.turn.n !== turn) return false;
  if (subject !== undefined && !subjectsOf(told).some((one) => matchesSubject(subject, one))) return false;
  if (kind === undefined) return true;
  return RECORDS.has(kind) ? told.turn.rec.t === kind : concernsKind(told, kind.toLowerCase());
}

function subjectsOf({ turn, subjects }: Told): readonly string[] {
  return turn.rec.t === 'call' ? [turn.rec.subject, ...subjects] : subjects;
}

function concernsKind(told: Told, kind: string): boolean {
  const is = (resource: string | undefined): boolean => {
    const [name = ''] = (resource ?? '').split('/');
    return name === kind || name === `${kind}s` || name === `${kind}es` || name === `${kind.replace(/y$/, '')}ies`;
  };
  if (told.turn.rec.t === 'change') return told.turn.rec.keys.some((key) => is(parseKey(key)?.resource));
  return subjectsOf(told).some((subject) => is(resourceOf(subject)));
}

/** The resource of `<prefix>.api.<caller>.<verb>.<resource>.…` */
function resourceOf(subject: string): string | undefined {
  const tokens = subject.split('.');
  const at = tokens.indexOf('api');
  return at < 0 ? undefined : untoken(tokens[at + 3] ?? '');
}

/** Can a subject match it at all? */
export const isPattern = (pattern: string): boolean =>
  /^[^\s.]+(\.[^\s.]+)*$/.test(pattern) && !pattern.split('.').slice(0, -1).includes('>');

/** NATS' own rule for patterns. */
export function matchesSubject(pattern: string, subject: string): boolean {
  const want = pattern.split('.');
  const have = subject.split('.');
  for (const [at, token] of want.entries()) {
    if (token === '>') return have.length > at;
    if (token !== '*' && token !== have[at]) return false;
  }
  return want.length === have.length;
}

/** As it is typed: `--kind pods --when "said.length > 1"`. */
export const breakpointText = ({ subject, kind, turn, when }: Breakpoint): string =>
  [
    subject === undefined ? '' : `--subject ${subject}`,
    kind === undefined ? '' : `--kind ${kind}`,
    turn === undefined ? '' : `--turn ${turn}`,
    when === undefined ? '' : `--when ${JSON.stringify(when)}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
