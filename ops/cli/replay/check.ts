import { statSync } from 'node:fs';
import { statusError } from '../../../contracts/errors/status.ts';
import { checkFiles, EXTENSION, type FileChecked, recordingFiles } from '../../replay/play/check-folder.ts';
import { formatTable } from '../objects/plan-table.ts';
import { Exit } from '../shared/errors.ts';
import { toJson } from '../shared/print.ts';
import { FAILURE, UNPLAYABLE } from '../shared/render-error.ts';
import type { Terminal } from '../shared/terminal.ts';
import { changeText, comparisonLines, differs, plainComparison } from './compare.ts';
import type { ReplayOptions } from './options.ts';
import { checkOutput, levelOf } from './parts.ts';

/**
 * `troupe replay check DIR`: plays every recording file of a folder and lists the decisions that today's code changes.
 * Exit code 0: none; 1: some; 3: a file could not be opened or played.
 */
export async function checkFolderCommand(
  paths: readonly string[],
  options: ReplayOptions & { readonly full?: boolean },
  terminal: Terminal,
): Promise<void> {
  checkOutput(options.output);
  terminal.outlastReader();
  const byShape = levelOf(options) === 'shape';
  const checked: FileChecked[] = [];
  for await (const one of checkFiles(paths.flatMap(filesAt), options.key, { byShape })) checked.push(one);
  if (options.output === 'json') terminal.out(toJson(checked.map(plain)));
  else print(checked, options.full === true, terminal);
  if (checked.some(({ problem }) => problem !== undefined)) throw new Exit(UNPLAYABLE);
  if (checked.some(({ comparison }) => comparison !== undefined && differs(comparison))) throw new Exit(FAILURE);
}

function filesAt(path: string): readonly string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined)
    throw statusError('NotFound', `${path}: the folder does not exist; give one with recordings (*${EXTENSION})`);
  if (!found.isDirectory()) return [path];
  const files = recordingFiles(path);
  if (files.length === 0)
    throw statusError(
      'NotFound',
      `${path} has no *${EXTENSION} files; "troupe record export --actor scheduler -o ${path}/scheduler${EXTENSION}" writes one`,
    );
  return files;
}

function print(checked: readonly FileChecked[], full: boolean, terminal: Terminal): void {
  const rows = checked.flatMap(({ file, name, actor, comparison, problem }) => {
    const lines = comparison === undefined ? [problem ?? ''] : comparisonLines(actor, comparison);
    return lines.map((line, at) => (at === 0 ? [file, name, line] : ['', '', line]));
  });
  terminal.out(formatTable([['FILE', 'RECORDING', 'RESULT'], ...rows]));
  for (const { file, name, comparison } of checked) {
    const { changes = [], changed = 0 } = comparison ?? {};
    if (changed === 0) continue;
    const shown = full ? changes : changes.slice(0, 1);
    terminal.out(
      `\n${terminal.paint('bold', `${file} ${name}`)}\n${shown.map((change) => changeText(change, terminal.paint)).join('')}`,
    );
    if (shown.length < changed)
      terminal.out(`  … ${changed - shown.length} more${full ? '' : '; --full shows them'}\n`);
  }
}

const plain = ({ comparison, ...rest }: FileChecked): object => ({
  ...rest,
  ...(comparison === undefined ? {} : plainComparison(comparison)),
});
