import type { Findings } from '../findings.ts';

/** Which of these fields a value has. */
export const given = (value: object, fields: readonly string[]): readonly string[] =>
  fields.filter((field) => (value as Record<string, unknown>)[field] !== undefined);

/** Exactly one of several fields must be given: a volume's source, a probe's handler. */
export function checkOneOf(value: object, fields: readonly string[], what: string, findings: Findings): void {
  const [first, second] = given(value, fields);
  if (first === undefined) findings.required('', `must specify a ${what}`);
  else if (second !== undefined) findings.forbidden(second, `may not specify more than 1 ${what}`);
}
