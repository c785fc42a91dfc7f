import { Composer, type CST, type ErrorCode, Lexer, LineCounter, Parser, YAMLParseError } from 'yaml';
import { DEPTH_MAX, tooDeep } from './decoding-budget.ts';
import { unshared } from './unshared.ts';
import { firstError, YAML_READING } from './yaml-reading.ts';

/** No manifest has more. Empty documents, which are left out, cost as much, and thousands fit into one message. */
const DOCUMENTS_MAX = 10_000;

/**
 * The most that the lexemes of a message may cost, in units of about 2.5 µs of CPU and 1 kB of memory: some 70 KB of manifests, or
 * one object of the largest size that is mostly long text.
 */
const COST_MAX = 40_000;
const WORD_COST = 1;
/** Lexemes that cost more than a word, by their first character. */
const MARK_COST: Readonly<Record<string, number>> = {
  ...{ '[': 3, '{': 3, ',': 2, '-': 2, ':': 2, '?': 2 },
  ...{ '%': 4, '!': 3, '&': 2, '*': 2, '.': 2 },
};
const BYTES_A_UNIT_LOG2 = 6;
const LINES_A_UNIT_LOG2 = 2;

/**
 * Parses every document of a YAML text; empty ones are left out. Each is a tree: aliases are expanded.
 * @throws Error that names line and column and quotes nothing of the text
 */
export function parseYaml(source: string): unknown[] {
  const lines = new LineCounter();
  lines.addNewLine(0);
  try {
    return documentsOf(source, lines);
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    const { line, col } = lines.linePos(error.pos[0]);
    throw new Error(`${unquoted(error.message)} at line ${line}, column ${col}`);
  }
}

function documentsOf(source: string, lines: LineCounter): unknown[] {
  const composer = new Composer(YAML_READING);
  // By default it continues after an error and creates an `Error` for each that follows, which is slow: the first one ends it.
  Object.assign(composer, { onError: firstErrorThrower() });
  const documents: unknown[] = [];
  const mayShare = source.includes('*'); // an alias
  let found = 0;
  for (const document of composer.compose(tokensOf(source, new Parser(lines.addNewLine)))) {
    if (++found > DOCUMENTS_MAX) throw new Error(`more than ${DOCUMENTS_MAX} documents; send fewer at a time`);
    const problem = firstError(document);
    if (problem !== undefined) throw problem;
    const value: unknown = document.toJS({ maxAliasCount: 100 }); // bounds "billion laughs"
    if (value !== null && value !== undefined) documents.push(mayShare ? unshared(value) : value);
  }
  return documents;
}

function* tokensOf(source: string, parser: Parser): Generator<CST.Token> {
  let cost = source.length >> BYTES_A_UNIT_LOG2; // before anything is done
  for (const lexeme of new Lexer().lex(cost > COST_MAX ? '' : source)) {
    cost += costOf(lexeme);
    if (cost > COST_MAX) break;
    yield* sound(parser.next(lexeme));
    if (parser.stack.length > DEPTH_MAX + 1) throw fault(parser.offset, tooDeep('it is'));
  }
  if (cost > COST_MAX)
    throw fault(
      parser.offset,
      'this is more YAML than one message may hold; send JSON or MessagePack, or fewer objects at a time',
    );
  yield* sound(parser.end());
}

/** Throws the first error of the parser, which would continue after it. */
function* sound(tokens: Iterable<CST.Token>): Generator<CST.Token> {
  for (const token of tokens) {
    if (token.type === 'error') throw fault(token.offset, token.message);
    yield token;
  }
}

/** The cost of one lexeme, besides that of its bytes. */
function costOf(lexeme: string): number {
  let lines = 0;
  for (let at = lexeme.indexOf('\n'); at >= 0; at = lexeme.indexOf('\n', at + 1)) lines++;
  return (MARK_COST[lexeme.charAt(0)] ?? WORD_COST) + (lines >> LINES_A_UNIT_LOG2);
}

const fault = (at: number, finding: string): YAMLParseError =>
  new YAMLParseError([at, at + 1], 'UNEXPECTED_TOKEN', finding);

/**
 * The error handler for `Composer`: throws the first error. The composer catches it at each enclosing level and calls the
 * handler again with the place of that level, so the first error is kept.
 */
function firstErrorThrower() {
  let first: YAMLParseError | undefined;
  return (
    at: number | readonly number[] | { readonly offset: number },
    code: ErrorCode,
    finding: string,
    warning?: boolean,
  ): void => {
    if (warning === true) return;
    const start = typeof at === 'number' ? at : 'offset' in at ? at.offset : (at[0] ?? 0);
    first ??= new YAMLParseError([start, start + 1], code, finding);
    throw first;
  };
}

/** A finding of the YAML parser without the input that it quotes: the text after a colon, an escape, a version, a tag. */
const unquoted = (finding: string): string =>
  finding.replace(
    /(?<=\S): .*|(?<=^(?:Invalid escape sequence|Unsupported YAML version)) .*|(?<=^The) \S+(?= tag )/s,
    '',
  );
