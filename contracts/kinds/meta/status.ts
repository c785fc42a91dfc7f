/** A client's status on the main resource is not looked at: the old one stays. */
export function keepStatus<T extends { status?: unknown }>(object: T, old: T): void {
  if (old.status === undefined) delete object.status;
  else object.status = old.status;
}
