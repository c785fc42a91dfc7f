import type { SecretName } from '../../contracts/runtime/references.ts';

/** A Secret's values by key, in base64; `undefined` when there is no such Secret. */
export type SecretData = Readonly<Record<string, string>> | undefined;

/** The key of a Secret in a map of their values. */
export const secretKey = ({ namespace, name }: Pick<SecretName, 'namespace' | 'name'>): string =>
  `${namespace}/${name}`;

/** The values as text, for an environment. Pure. */
export const decoded = (
  secrets: ReadonlyMap<string, SecretData>,
): ReadonlyMap<string, Readonly<Record<string, string>> | undefined> =>
  new Map(
    [...secrets].map(([name, data]) => [
      name,
      data &&
        Object.fromEntries(
          Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
        ),
    ]),
  );
