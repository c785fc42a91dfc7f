import { statusError } from '../../../contracts/errors/status.ts';
import { counted } from '../../replay/compare/counted.ts';
import { exportOf } from '../../replay/export/export.ts';
import type { Recording } from '../../replay/read/gather-recordings.ts';
import { lacksPodMessages } from '../../replay/read/keep-pod-messages.ts';
import { withRecordings } from '../../replay/read/open-recordings.ts';
import { isAfter } from '../../replay/read/parse-moment.ts';
import { gapsText } from '../../replay/read/plan-gaps.ts';
import { type RecordingSummary, recordingsText, summariesOf } from '../../replay/read/plan-recordings.ts';
import { readHistory } from '../../replay/read/read-history.ts';
import { type Damaged, readJournal } from '../../replay/read/read-journal.ts';
import { placeOf } from '../../replay/read/recorded-where.ts';
import {
  encodeRecordingFile,
  type RecordingFileContent,
  writeRecordingFile,
} from '../../replay/read/recording-file.ts';
import { formatTable } from '../objects/plan-table.ts';
import { UsageError } from '../shared/errors.ts';
import { toJson } from '../shared/print.ts';
import type { Terminal } from '../shared/terminal.ts';
import { typedPoint } from './parts.ts';
import { recordedWhere } from './recorded-where.ts';

export interface ListOptions {
  readonly instance?: string;
  readonly output?: string;
  readonly context?: string;
}

/** The file name that means standard output. */
const STDOUT = '-';

export interface ExportOptions {
  readonly actor?: string;
  readonly instance?: string;
  readonly from?: string;
  readonly to?: string;
  /** The file; `-` for standard output. */
  readonly output?: string;
  readonly context?: string;
}

/** `troupe record ls`: one line for each recording, that is, for each start of an actor instance. */
export async function recordList(args: readonly string[], options: ListOptions, terminal: Terminal): Promise<void> {
  if (options.output !== undefined && options.output !== 'json')
    throw new UsageError(`-o is "${options.output}"; the only other format is json`);
  const where = recordedWhere(options);
  await withRecordings(where, async ({ client: { connection }, prefix }) => {
    const damaged: Damaged[] = [];
    const all = await readJournal(connection, prefix, args[0], (one) => damaged.push(one));
    const found = chosen(all, options.instance);
    const asked = args[0] === undefined ? options : { ...options, actor: args[0] };
    if (found.length === 0 && (args[0] !== undefined || options.instance !== undefined))
      throw await nothingFound(asked, placeOf(where), () => readJournal(connection, prefix));
    if (options.output === 'json') terminal.out(toJson(summariesOf(found)));
    else if (found.length === 0) terminal.tell(`nothing is recorded ${placeOf(where)}`);
    else printList(summariesOf(found), terminal);
    for (const { actor, instance, problem } of damaged) terminal.tell(`${actor}/${instance}: ${problem}`);
  });
}

const chosen = (recordings: readonly Recording[], instance: string | undefined): readonly Recording[] =>
  instance === undefined ? recordings : recordings.filter(({ incarnation }) => incarnation.self.instance === instance);

function printList(recordings: readonly RecordingSummary[], terminal: Terminal): void {
  const heading = ['ACTOR', 'INSTANCE', 'FROM', 'TO', 'TURNS', 'SIZE', 'STARTS', 'GAPS'];
  const rows = recordings.map((one) => [
    one.actor,
    one.instance,
    one.from.slice(0, 19).replace('T', ' '),
    one.to.slice(11, 19),
    `${one.firstTurn}-${one.lastTurn}`,
    sizeText(one.bytes),
    String(one.starts),
    gapsText(one.gaps) || '-',
  ]);
  terminal.out(formatTable([heading, ...rows]));
}

const sizeText = (bytes: number): string =>
  bytes < 1_000 ? `${bytes} B` : bytes < 1e6 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

/** `troupe record export`: writes recordings to one file, which can be played without the cluster. */
export async function recordExport(options: ExportOptions, terminal: Terminal): Promise<void> {
  const path = options.output;
  if (path === undefined) throw new UsageError('-o is required: troupe record export -o incident.troupe');
  if (path === STDOUT && terminal.interactive)
    throw new UsageError(
      '-o - writes binary data, and standard output is a terminal; use a pipe, "troupe record export -o - | gzip > incident.troupe.gz", or name a file',
    );
  const where = recordedWhere(options);
  await withRecordings(where, async ({ client: { connection }, prefix }) => {
    const onDamaged = (one: Damaged): void => terminal.tell(`left out: ${one.actor}/${one.instance}: ${one.problem}`);
    const all = await readJournal(connection, prefix, options.actor, onDamaged);
    const found = chosen(all, options.instance);
    if (found.length === 0) throw await nothingFound(options, placeOf(where), () => readJournal(connection, prefix));
    const end = Math.max(...found.map(({ turns }) => turns.at(-1)?.now ?? 0));
    const points = { from: typedPoint('--from', options.from, end), to: typedPoint('--to', options.to, end) };
    if (points.from !== undefined && points.to !== undefined && isAfter(points.from, points.to))
      throw new UsageError(
        `--from ${options.from} is after --to ${options.to}; a duration such as 5m counts back from the end`,
      );
    const history = await readHistory(connection, prefix);
    const partial = options.actor !== undefined || options.instance !== undefined;
    const nodes = partial && found.some(lacksPodMessages) ? await readJournal(connection, prefix) : [];
    const content = exportOf(prefix, found, history, points, nodes);
    if (content.recordings.length === 0)
      throw statusError(
        'NotFound',
        'no turn between these points can be played: none is recorded there, or no start is recorded before their end; "troupe record ls" shows what is recorded',
      );
    const bytes = path === STDOUT ? writeOut(content, terminal) : writeRecordingFile(path, content);
    const turns = content.recordings.reduce((sum, one) => sum + one.turns.length, 0);
    const many = recordingsText(content.recordings);
    const played = content.recordings.some(({ incarnation }) => !incarnation.driver);
    const [place, file] = path === STDOUT ? ['standard output', 'FILE'] : [path, path];
    const next = played ? `play it with: troupe replay ${file}` : 'recordings of drivers cannot be played';
    terminal.tell(`${place}: ${many}, ${counted(turns, 'turn')}, ${sizeText(bytes)}; ${next}`);
  });
}

/** @returns size in bytes */
function writeOut(content: RecordingFileContent, terminal: Terminal): number {
  let size = 0;
  for (const bytes of encodeRecordingFile(content)) {
    terminal.outBytes(bytes);
    size += bytes.length;
  }
  return size;
}

async function nothingFound(
  { actor, instance }: Pick<ExportOptions, 'actor' | 'instance'>,
  place: string,
  readAll: () => Promise<readonly Recording[]>,
): Promise<Error> {
  const names = (await readAll()).map(({ incarnation: { self } }) => `${self.actor}/${self.instance}`);
  const there = [...new Set(names)].join(', ');
  const wanted = [actor ?? 'anything', ...(instance === undefined ? [] : [`of instance "${instance}"`])].join(' ');
  return statusError(
    'NotFound',
    there === '' ? `nothing is recorded ${place}` : `${wanted} is not recorded; there are: ${there}`,
  );
}
