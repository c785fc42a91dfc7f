import { isPlain } from '../../../contracts/json-values.ts';
import { badRequest } from '../api-errors.ts';
import type { Obj } from '../object.ts';

/**
 * The container that a request means: the named one, or the only one of the pod.
 * @param pod its name, for errors
 * @throws StatusError BadRequest
 */
export function containerOf(pod: string, { spec }: Obj, asked: string | undefined): string {
  const names = ['initContainers', 'containers'].flatMap((field) => namesIn(spec?.[field]));
  if (asked !== undefined && asked !== '') {
    if (names.includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${pod}; choose one of: [${names.join(' ')}]`);
  }
  const main = namesIn(spec?.['containers']);
  if (main.length === 1 && main[0] !== undefined) return main[0];
  throw badRequest(`a container name must be specified for pod ${pod}, choose one of: [${names.join(' ')}]`);
}

const namesIn = (containers: unknown): string[] =>
  Array.isArray(containers)
    ? containers.flatMap((one: unknown) => (isPlain(one) && typeof one['name'] === 'string' ? [one['name']] : []))
    : [];
