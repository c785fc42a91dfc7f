import { statusError } from '../../contracts/errors/status.ts';
import { isPlain } from '../../contracts/json-values.ts';
import { shown } from '../../contracts/kinds/validation-findings.ts';

/** Reads one value of a message. @throws StatusError BadRequest that names the path */
export type Parse<T> = (value: unknown, path: string) => T;
export type Fields<T> = { readonly [K in keyof Required<T>]: Parse<T[K]> };

/** Most items of a list in a message. */
const ITEMS_MAX = 10_000;

/** @throws StatusError BadRequest, always */
export const refuse = (path: string, wanted: string, value: unknown): never => {
  const found = value === undefined ? 'nothing' : shown(value).slice(0, 60);
  throw statusError(
    'BadRequest',
    `read message: ${path === '' ? 'the body' : path} must be ${wanted}; found ${found}`,
    {
      causes: [{ reason: 'FieldValueInvalid', message: `must be ${wanted}`, field: path }],
    },
  );
};

export const text: Parse<string> = (value, path) => (typeof value === 'string' ? value : refuse(path, 'text', value));

export const filledText: Parse<string> = (value, path) =>
  typeof value === 'string' && value !== '' ? value : refuse(path, 'text, not empty', value);

export const flag: Parse<boolean> = (value, path) =>
  typeof value === 'boolean' ? value : refuse(path, 'true or false', value);

export const wholeNumber =
  (least: number, most = Number.MAX_SAFE_INTEGER): Parse<number> =>
  (value, path) =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
      ? (value as number)
      : refuse(
          path,
          most === Number.MAX_SAFE_INTEGER ? `a whole number from ${least}` : `a whole number from ${least} to ${most}`,
          value,
        );

export const oneOf =
  <const T extends string>(...names: readonly T[]): Parse<T> =>
  (value, path) =>
    names.find((name) => name === value) ?? refuse(path, `one of ${names.join(', ')}`, value);

/** `null` counts as absent, as in Kubernetes. */
export const optional =
  <T>(parse: Parse<T>): Parse<T | undefined> =>
  (value, path) =>
    value === undefined || value === null ? undefined : parse(value, path);

export const list =
  <T>(parse: Parse<T>): Parse<readonly T[]> =>
  (value, path) => {
    if (!Array.isArray(value)) return refuse(path, 'a list', value);
    if (value.length > ITEMS_MAX) return refuse(path, `a list of at most ${ITEMS_MAX}`, value.length);
    return value.map((item: unknown, at) => parse(item, `${path}[${at}]`));
  };

/** Reads the named fields and ignores others, so that messages of newer senders are accepted. */
export const fields =
  <T extends object>(parsers: Fields<T>): Parse<T> =>
  (value, path) => {
    if (!isPlain(value)) return refuse(path, 'a map', value); // MessagePack's bytes and timestamps are objects too
    const read: Record<string, unknown> = {};
    for (const [name, parse] of Object.entries<Parse<unknown>>(parsers)) {
      const given = Object.hasOwn(value, name) ? value[name] : undefined;
      const found = parse(given, path === '' ? name : `${path}.${name}`);
      if (found !== undefined) read[name] = found;
    }
    return read as T;
  };
