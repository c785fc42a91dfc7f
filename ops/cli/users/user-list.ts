import type { Terminal } from '../shared/terminal.ts';

export async function userList(terminal: Terminal): Promise<void> {
  const [{ listUsers }, { TENANT_ROLE }, { formatTable }] = await Promise.all([
    import('../../boot/users/tenants.ts'),
    import('../../boot/users/plan-grants.ts'),
    import('../objects/plan-table.ts'),
  ]);
  const rows = listUsers().map(({ name, profile, namespaces, actors, node = '', role }) => [
    name,
    profile,
    (namespaces ?? actors)?.join(',') ?? node,
    profile === 'tenant' ? (role ?? TENANT_ROLE) : '',
  ]);
  if (rows.length === 0)
    terminal.tell(
      'there is no user; "troupe up" creates the first ones, or "troupe permissions" for an external nats-server',
    );
  else terminal.out(formatTable([['NAME', 'PROFILE', 'WHERE', 'ROLE'], ...rows]));
}
