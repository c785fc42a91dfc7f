import type { Column } from '../../../contracts/kinds/kind.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { columnWidths, formatRow, planTable, type TableOptions } from '../objects/plan-table.ts';
import { toneOf } from './colours.ts';
import type { Terminal } from './terminal.ts';

/** Prints rows as they come; columns never get narrower, so that rows stay aligned. */
export class TablePrinter {
  readonly #terminal: Terminal;
  readonly #columns: readonly Column<KubeObject>[];
  readonly #options: TableOptions;
  #widths: number[] = [];
  #headed: boolean;

  constructor(
    terminal: Terminal,
    columns: readonly Column<KubeObject>[],
    options: TableOptions & { readonly noHeaders?: boolean },
  ) {
    this.#terminal = terminal;
    this.#columns = columns;
    this.#options = options;
    this.#headed = options.noHeaders === true;
  }

  print(objects: readonly KubeObject[]): void {
    const [header = [], ...rows] = planTable(this.#columns, objects, this.#terminal.now(), this.#options);
    const shown = this.#headed ? rows : [header, ...rows];
    this.#widths = columnWidths(shown, this.#widths);
    const { paint } = this.#terminal;
    const lines = shown.map((row) =>
      formatRow(row, this.#widths, (cell, at) => {
        if (row === header) return paint('bold', cell);
        const tone = toneOf(header[at] ?? '', cell);
        return tone === undefined ? cell : paint(tone, cell);
      }),
    );
    this.#headed = true;
    if (lines.length > 0) this.#terminal.out(`${lines.join('\n')}\n`);
  }
}

/** Quotes strings that YAML 1.1 parsers, such as kubectl's, would read as another type (`yes`, a time). */
export async function yamlWriter(): Promise<(value: unknown) => string> {
  const { stringify } = await import('yaml');
  return (value) => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' });
}

export const toYaml = async (value: unknown): Promise<string> => (await yamlWriter())(value);

/** Prints one object, or a `List`, as kubectl does. */
export async function printObjects(
  terminal: Terminal,
  output: 'json' | 'yaml',
  objects: readonly KubeObject[],
  isOne: boolean,
): Promise<void> {
  if (isOne && objects.length === 0) return;
  const list = { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items: objects };
  const value = isOne ? objects[0] : list;
  terminal.out(output === 'json' ? toJson(value) : await toYaml(value));
}

export const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
