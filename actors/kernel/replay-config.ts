import { isPlain } from '../../contracts/json-values.ts';
import type { Json } from './contract.ts';

type Config = Readonly<Record<string, unknown>>;

/** @returns what is wrong with a configuration; `undefined` when it is valid */
export type ConfigCheck = (config: Config) => string | undefined;

/** Checks that these fields are strings. */
export const stringFields =
  (...names: readonly string[]): ConfigCheck =>
  (config) => {
    const bad = names.find((name) => typeof config[name] !== 'string');
    return bad === undefined ? undefined : `${bad} is not a string`;
  };

/** Checks that every field is a number, 0 or more. */
export const numberFields: ConfigCheck = (config) => {
  const bad = Object.entries(config).find(([, value]) => typeof value !== 'number' || !(value >= 0));
  return bad === undefined ? undefined : `${bad[0]} is not a number of 0 or more`;
};

/** Checks that these fields, where they exist, are objects. */
export const objectFields =
  (...names: readonly string[]): ConfigCheck =>
  (config) => {
    const bad = names.find((name) => config[name] !== undefined && !isPlain(config[name]));
    return bad === undefined ? undefined : `${bad} is not an object`;
  };

/** Runs the checks in order. @returns the first finding */
export const configChecks =
  (...checks: readonly ConfigCheck[]) =>
  (config: Json): string | undefined =>
    isPlain(config)
      ? checks.map((check) => check(config)).find((finding) => finding !== undefined)
      : 'it is not an object';
