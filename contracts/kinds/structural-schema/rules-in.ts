import { isPlain, type Plain } from '../../json-values.ts';

const RULES = 'x-kubernetes-validations';

/** The places of rules in CEL within a schema of any shape, as paths. */
export function* rulesIn(schema: unknown, path: string): Generator<string> {
  if (Array.isArray(schema)) {
    for (const [index, one] of schema.entries()) yield* rulesIn(one, `${path}[${index}]`);
  } else if (isPlain(schema)) {
    for (const [name, part] of Object.entries(schema as Plain)) {
      if (name === RULES && Array.isArray(part)) yield `${path}.${name}`;
      else if (name !== 'default' && name !== 'enum' && name !== 'example') yield* rulesIn(part, `${path}.${name}`);
    }
  }
}
