import type { Terminal } from '../shared/terminal.ts';

export async function userList(terminal: Terminal): Promise<void> {
  const [{ listUsers }, { formatTable }] = await Promise.all([
    import('../../boot/users/tenants.ts'),
    import('../objects/plan-table.ts'),
  ]);
  const rows = listUsers().map(({ name, profile, namespaces, actors, node = '' }) => [
    name,
    profile,
    (namespaces ?? actors)?.join(',') ?? node,
  ]);
  if (rows.length === 0)
    terminal.tell(
      'there is no user; "troupe up" creates the first ones, or "troupe permissions" for an external nats-server',
    );
  else terminal.out(formatTable([['NAME', 'PROFILE', 'WHERE'], ...rows]));
}
