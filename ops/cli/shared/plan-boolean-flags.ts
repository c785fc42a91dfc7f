export type FlagsParse =
  | { readonly argv: readonly string[] }
  /** One line: the error and the remedy. */
  | { readonly problem: string };

const TRUE = ['true', 'True', 'TRUE', 't', 'T', '1'];
const FALSE = ['false', 'False', 'FALSE', 'f', 'F', '0'];

/**
 * Accepts values of boolean options, as kubectl does: `--watch=true` becomes `--watch`, `--wait=false` becomes `--no-wait`, and
 * `--watch=false` is dropped. Pure.
 * @param flags of all options of the command: `-w, --watch`, `-o, --output <format>`
 */
export function parseBooleanFlags(argv: readonly string[], flags: readonly string[]): FlagsParse {
  const booleans = new Set(flags.filter((one) => !/[<[]/.test(one)).flatMap((one) => one.split(/,? +/)));
  const read: string[] = [];
  for (const [at, arg] of argv.entries()) {
    if (arg === '--') return { argv: [...read, ...argv.slice(at)] };
    const [, flag = '', value = ''] = /^(--?[A-Za-z][A-Za-z-]*)=(.*)$/s.exec(arg) ?? [];
    if (!booleans.has(flag)) read.push(arg);
    else if (TRUE.includes(value)) read.push(flag);
    else if (!FALSE.includes(value)) return { problem: `${flag} is "${value}"; use true or false` };
    else if (booleans.has(oppositeOf(flag))) read.push(oppositeOf(flag));
  }
  return { argv: read };
}

const oppositeOf = (flag: string): string => `--no-${flag.replace(/^--?/, '')}`;
