/** `--tiny`: every case in a size that only shows whether it still works, as CI runs them. */
export const isTiny: boolean = process.argv.includes('--tiny');

/** A size or duration of a case: `full`, or `tiny` with `--tiny`. */
export const sized = (full: number, tiny: number): number => (isTiny ? tiny : full);
