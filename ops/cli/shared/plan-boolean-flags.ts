export type FlagsParse =
  | { readonly argv: readonly string[] }
  /** One line: what is wrong and what to write instead. */
  | { readonly problem: string };

const TRUE = ['true', 'True', 'TRUE', 't', 'T', '1'];
const FALSE = ['false', 'False', 'FALSE', 'f', 'F', '0'];

/**
 * Options that take no value may be given one, as kubectl takes it: `--watch=true` is `--watch`, `--wait=false` is
 * `--no-wait`, and `--watch=false` is nothing said. Pure.
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
