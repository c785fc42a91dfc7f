import { StatusError } from '../../../contracts/errors/status.ts';
import { type AdmitOptions, admit } from '../../../contracts/kinds/admit.ts';
import type { Kind } from '../../../contracts/kinds/kind.ts';
import type { Obj } from '../object.ts';

/** The object to store: with defaults set, and validated. Shares no part with the input. @throws StatusError BadRequest, Invalid */
function admitted(kind: Kind, input: unknown, options: AdmitOptions): Obj {
  const { object, status } = admit(kind, input, options);
  if (status !== undefined) throw new StatusError(status);
  const metadata = object.metadata as Record<string, unknown>;
  // Field management is not supported, and the other two are never stored.
  delete metadata['managedFields'];
  delete metadata['selfLink'];
  delete metadata['resourceVersion'];
  return object as Obj;
}

export const admittedNew = (kind: Kind, input: Obj, stamp: NonNullable<AdmitOptions['stamp']>): Obj =>
  admitted(kind, input, { operation: 'create', stamp });

export const admittedUpdate = (kind: Kind, input: Obj, old: Obj): Obj =>
  admitted(kind, input, { operation: 'update', old });

/** The old object with a new status. */
export const admittedStatus = (kind: Kind, old: Obj, status: unknown): Obj =>
  admitted(kind, { ...old, status }, { operation: 'status', old });
