import { statusError } from '../errors/status.ts';
import type { Kind } from '../kinds/kind.ts';
import type { KubeObject } from '../kinds/kinds.ts';

/** One condition on one field. */
export interface FieldRequirement {
  readonly field: string;
  readonly equal: boolean;
  readonly value: string;
}

type Selectable = Pick<Kind<never>, 'resource'> & {
  readonly selectableFields: Readonly<Record<string, (object: never) => string>>;
};

const META_FIELDS = ['metadata.name', 'metadata.namespace'];

const refuse = (selector: string, finding: string): never => {
  throw statusError('BadRequest', `unable to parse field selector "${selector}": ${finding}`);
};

/** Splits at unescaped commas. */
const parts = (selector: string): readonly string[] => selector.match(/(?:\\.|[^,\\])+/g) ?? [];

/** A backslash escapes `\`, `,` and `=`. */
function unescaped(selector: string, text: string): string {
  return text.replace(/\\(.?)/g, (_all, next: string) =>
    ['\\', ',', '='].includes(next)
      ? next
      : refuse(selector, `"\\${next}" is not an escape; only \\\\, \\, and \\= are`),
  );
}

function parsePart(kind: Selectable, selector: string, part: string): FieldRequirement {
  const match = /^((?:\\.|[^=!\\])*)(!=|==|=)((?:\\.|[^\\=])*)$/.exec(part);
  if (match === null)
    return refuse(selector, `"${part}" is not a condition; write e.g. metadata.name=web or status.phase!=Running`);
  const [field = '', operator, value = ''] = match.slice(1).map((text) => text.trim());
  if (!META_FIELDS.includes(field) && !Object.hasOwn(kind.selectableFields, field)) {
    const known = [...META_FIELDS, ...Object.keys(kind.selectableFields)].join(', ');
    return refuse(selector, `field label not supported: ${field}; ${kind.resource} can be selected by ${known}`);
  }
  return { field, equal: operator !== '!=', value: unescaped(selector, value) };
}

/**
 * Parses a field selector: `field=value`, `field==value`, `field!=value`, joined by commas. Empty = everything.
 * @throws StatusError BadRequest, also for a field that is not selectable for this kind
 */
export const parseFieldSelector = (kind: Selectable, selector: string): readonly FieldRequirement[] =>
  selector.trim() === '' ? [] : parts(selector).map((part) => parsePart(kind, selector, part));

function read<T extends KubeObject>(kind: Pick<Kind<T>, 'selectableFields'>, field: string, object: T): string {
  if (field === 'metadata.name') return object.metadata?.name ?? '';
  if (field === 'metadata.namespace') return object.metadata?.namespace ?? '';
  return kind.selectableFields[field]?.(object) ?? '';
}

/** Does the object meet all conditions? */
export const matchesFields = <T extends KubeObject>(
  kind: Pick<Kind<T>, 'selectableFields'>,
  requirements: readonly FieldRequirement[],
  object: T,
): boolean => requirements.every(({ field, equal, value }) => (read(kind, field, object) === value) === equal);
