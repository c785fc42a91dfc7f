import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ActorDefinition } from '../../actors/kernel/declare.ts';
import { statusError } from '../../contracts/errors/status.ts';
import { isPlain } from '../../contracts/json-values.ts';

const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * Loads external actors: a module's export `actors`, a list of definitions made by `defineActor` or `defineController`.
 * @throws StatusError NotFound, BadRequest, with the module and the error
 */
export async function loadActors(file: string): Promise<readonly ActorDefinition[]> {
  const path = resolve(file);
  if (!existsSync(path)) throw statusError('NotFound', `${file}: no such file; give a module that exports \`actors\``);
  let loaded: { readonly actors?: unknown };
  try {
    loaded = (await import(pathToFileURL(path).href)) as typeof loaded;
  } catch (error) {
    throw statusError('BadRequest', `${file} cannot be loaded: ${String(error)}`);
  }
  const { actors } = loaded;
  if (!Array.isArray(actors) || actors.length === 0)
    throw statusError('BadRequest', `${file} exports no actors; write: export const actors = [yours]`);
  for (const [index, one] of (actors as unknown[]).entries()) {
    const finding = findingOf(one);
    if (finding !== undefined) throw statusError('BadRequest', `${file}: actors[${index}] ${finding}`);
  }
  const definitions = actors as readonly ActorDefinition[];
  const twice = definitions.find(({ name }, index) => definitions.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined) throw statusError('BadRequest', `${file}: two actors are called "${twice.name}"`);
  return definitions;
}

function findingOf(one: unknown): string | undefined {
  if (!isPlain(one) || typeof one['behave'] !== 'function' || !isPlain(one['hears']) || !isPlain(one['says']))
    return 'is not a definition made by defineActor or defineController';
  const { name } = one;
  if (typeof name === 'string' && NAME.test(name)) return undefined;
  return `is called "${String(name)}"; use lower-case letters, digits and "-", beginning and ending with a letter or digit, at most 63`;
}
