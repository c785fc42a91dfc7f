import { stringify } from 'yaml';
import type { FieldDiff } from '../../replay/compare/body-diff.ts';
import { counted } from '../../replay/compare/counted.ts';
import type { Cause } from '../../replay/explain/plan-causes.ts';
import { Hidden } from '../../replay/play/bodies.ts';
import type { CellDiff, Heard, SaidBoth, Speech, TurnReport } from '../../replay/play/turn-report.ts';
import type { Painter } from '../shared/colours.ts';

/** Longest value that is shown on the line of its name. */
const INLINE_MAX = 100;
/** Most lines of a body that are shown. */
const LINES_MAX = 200;

/** `2026-11-24 21:50:35.120` */
export const momentText = (millis: number): string => new Date(millis).toISOString().slice(0, 23).replace('T', ' ');
/** `21:50:35.120` */
export const timeText = (millis: number): string => new Date(millis).toISOString().slice(11, 23);

export function yamlText(value: unknown): string {
  if (value === undefined) return '(nothing)\n';
  if (value instanceof Hidden) return `(${value.why})\n`;
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}

export function indent(text: string, by: string): string {
  const lines = text.trimEnd().split('\n');
  const shown =
    lines.length > LINES_MAX
      ? [...lines.slice(0, LINES_MAX), `… ${counted(lines.length - LINES_MAX, 'more line')}`]
      : lines;
  return `${shown.map((line) => `${by}${line}`).join('\n')}\n`;
}

/** `spec.nodeName: node-7`, or the value below its name. */
function fieldText(path: string, value: unknown): string {
  const name = path === '' ? '' : `${path}: `;
  if (typeof value !== 'object' || value === null)
    return `${name}${JSON.stringify(value) ?? '(nothing)'}`.replace(/^(.*): "([\w./:-]*)"$/, '$1: $2');
  const line = JSON.stringify(value);
  return line.length <= INLINE_MAX
    ? `${name}${line}`
    : `${path === '' ? '' : `${path}:\n`}${indent(yamlText(value), path === '' ? '' : '  ').trimEnd()}`;
}

/** A diff: the old values in red with a minus, the new ones in green with a plus. */
export function diffText(diff: readonly FieldDiff[], paint: Painter, by: string): string {
  let text = '';
  const mark = (sign: '-' | '+', path: string, value: unknown): void => {
    for (const line of fieldText(path, value).split('\n'))
      text += `${by}${paint(sign === '-' ? 'red' : 'green', `${sign} ${line}`)}\n`;
  };
  for (const one of diff) {
    if ('was' in one) mark('-', one.path, one.was);
    if ('is' in one) mark('+', one.path, one.is);
  }
  return text;
}

export function heardText(heard: Heard, paint: Painter, options: { readonly body: boolean }): string {
  let text = `${heard.what}\n`;
  for (const { object, how, diff } of heard.changes ?? []) {
    text += `    ${object} ${how}\n`;
    text += diffText(diff, paint, '      ');
  }
  if (options.body && heard.body !== undefined) text += indent(yamlText(heard.body), '    ');
  return text;
}

const speechText = ({ say, subject }: Speech): string => `${say}${subject === '' ? '' : ` ${subject}`}`;

/** Names of the two sides of a comparison. */
export interface Sides {
  readonly was: string;
  readonly is: string;
}

/** A recording against today's code. */
export const THEN_AND_NOW: Sides = { was: 'then', is: 'now' };
/** For comparisons whose heading names the two sides. */
export const FIRST_AND_SECOND: Sides = { was: '(-)', is: '(+)' };

/** What a turn says, on both sides. @param whole also show the bodies of what is the same */
export function saidText(
  said: readonly SaidBoth[],
  paint: Painter,
  whole: boolean,
  sides: Sides = THEN_AND_NOW,
): string {
  if (said.length === 0) return '    nothing\n';
  return said.map((both) => oneSaid(both, paint, whole, sides)).join('');
}

function oneSaid({ same, was, is, diff }: SaidBoth, paint: Painter, whole: boolean, sides: Sides): string {
  if (same && is !== undefined) return `  = ${speechText(is)}\n${whole ? indent(yamlText(is.body), '      ') : ''}`;
  let text = '';
  if (was !== undefined && is !== undefined && was.subject === is.subject)
    text += `  ${paint('yellow', '≠')} ${speechText(is)}\n`;
  else {
    if (was !== undefined) text += `  ${paint('red', `- ${speechText(was)}`)}\n`;
    if (is !== undefined) text += `  ${paint('green', `+ ${speechText(is)}`)}\n`;
  }
  if (diff !== undefined && (diff.length > 0 || was?.subject === is?.subject))
    return text + (diffText(diff, paint, '      ') || '      (the same body, in other bytes)\n');
  if (was !== undefined) text += `      ${sides.was}\n${indent(yamlText(was.body), '        ')}`;
  if (is !== undefined) text += `      ${sides.is}\n${indent(yamlText(is.body), '        ')}`;
  return text;
}

export function cellsText(cells: readonly CellDiff[], paint: Painter): string {
  return cells
    .map(({ cell, before, after, diff }) => {
      const whole: readonly FieldDiff[] = [
        {
          path: cell,
          ...(before === undefined ? {} : { was: before }),
          ...(after === undefined ? {} : { is: after }),
        },
      ];
      if (before === undefined || after === undefined || diff.length === 0 || diff[0]?.path === '')
        return diffText(whole, paint, '    ');
      return `    ${cell}\n${diffText(diff, paint, '      ')}`;
    })
    .join('');
}

/** The chain of causes, one line for each. */
export function causesText(causes: readonly Cause[]): string {
  const width = Math.max(...causes.map(({ actor, turn }) => actor.length + String(turn ?? '').length));
  return causes
    .map(({ actor, turn, now, what }) => {
      const who = `${actor}${turn === undefined ? '' : ` ${turn}`}`.padEnd(width + 1);
      return `    ${now === undefined ? ''.padEnd(12) : timeText(now)}  ${who}  ${what}\n`;
    })
    .join('');
}

/** A turn in which today's code differs, in full. */
export function divergenceText(report: TurnReport, causes: readonly Cause[], paint: Painter, scores: string): string {
  const { actor, instance, turn, finding = '', said } = report;
  const head = `${paint('bold', `${actor}/${instance} acts differently at turn ${turn}`)}, ${whenText(report)}`;
  const state = finding.startsWith('the state');
  return [
    `${head}\n\n`,
    `${paint('bold', 'finding')}  ${finding}\n`,
    heardSection(report, paint),
    state ? '' : `${paint('bold', 'said')}     then (-) and now (+)\n${saidText(said, paint, false)}`,
    scores,
    cellsSection(
      report,
      state ? 'then (-) and now (+); where only a hash of the state is recorded, what the turn does to them' : '',
      paint,
    ),
    restOf(report, causes, paint),
  ].join('');
}

/** One turn, in full. */
export function turnText(
  report: TurnReport,
  causes: readonly Cause[],
  unplayed: string | undefined,
  paint: Painter,
  scores: string,
): string {
  const { actor, instance, turn, finding, said } = report;
  const result = finding ?? (unplayed === undefined ? 'the same then and now' : `it cannot be played: ${unplayed}`);
  return [
    `${paint('bold', `${actor}/${instance} turn ${turn}`)}, ${whenText(report)}\n\n`,
    `${paint('bold', 'finding')}  ${result}\n`,
    heardSection(report, paint),
    `${paint('bold', 'said')}\n${saidText(said, paint, true)}`,
    scores,
    cellsSection(report, '', paint),
    restOf(report, causes, paint),
  ].join('');
}

const whenText = ({ now, revision }: TurnReport): string => `${momentText(now)}, revision ${revision}`;

const heardSection = ({ heard }: TurnReport, paint: Painter): string =>
  `${paint('bold', 'heard')}    ${heardText(heard, paint, { body: true })}`;

const cellsSection = ({ cells }: TurnReport, how: string, paint: Painter): string =>
  cells.length === 0 ? '' : `${paint('bold', 'cells')}${how === '' ? '' : `    ${how}`}\n${cellsText(cells, paint)}`;

const restOf = ({ reports }: TurnReport, causes: readonly Cause[], paint: Painter): string =>
  [
    reports.length === 0 ? '' : `${paint('bold', 'reports')}\n${reports.map((line) => `    ${line}\n`).join('')}`,
    causes.length === 0
      ? ''
      : `${paint('bold', 'because')}  the chain of causes, the nearest first\n${causesText(causes)}`,
  ].join('');
