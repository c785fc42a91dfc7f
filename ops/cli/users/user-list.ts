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
      'there is no user; "troupe up" makes the first, or "troupe permissions", for a nats-server of your own',
    );
  else terminal.out(formatTable([['NAME', 'PROFILE', 'WHERE'], ...rows]));
}
