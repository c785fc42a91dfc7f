import type { Binding } from '../../contracts/messages/api.ts';
import { Hidden } from '../replay/bodies.ts';

const bindingOf = (body: unknown): Partial<Binding> =>
  typeof body === 'object' && body !== null && !(body instanceof Hidden) ? (body as Partial<Binding>) : {};

/** The node that a binding names, if it can be seen. */
export const targetOf = (body: unknown): string | undefined => bindingOf(body).target?.name;

/** `default/web-1` of a binding; undefined when it cannot be seen. */
export function podOf(body: unknown): string | undefined {
  const { namespace, name } = bindingOf(body).metadata ?? {};
  return name === undefined ? undefined : `${namespace ?? ''}/${name}`;
}
