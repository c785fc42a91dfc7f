/** Does `wide` match every subject that `narrow` matches? */
export function covers(wide: string, narrow: string): boolean {
  const [outer, inner] = [wide.split('.'), narrow.split('.')];
  for (const [at, part] of outer.entries()) {
    const other = inner[at];
    if (other === undefined) return false;
    if (part === '>') return true;
    if (other === '>' || (part !== '*' && part !== other)) return false;
  }
  return outer.length === inner.length;
}

/** Is there a subject that both patterns match? */
export function overlaps(left: string, right: string): boolean {
  const [a, b] = [left.split('.'), right.split('.')];
  for (let at = 0; ; at++) {
    const [x, y] = [a[at], b[at]];
    if (x === undefined || y === undefined) return x === y;
    if (x === '>' || y === '>') return true;
    if (x !== y && x !== '*' && y !== '*') return false;
  }
}

/** Sorted, without duplicates and without patterns that another one covers: short for people to read and for the server to match. */
export function tidy(patterns: readonly string[]): readonly string[] {
  const all = [...new Set(patterns)].sort();
  return all.filter((pattern) => !all.some((other) => other !== pattern && covers(other, pattern)));
}
