import type { Terminal } from '../shared/terminal.ts';
import { namedUrl, noteExternalServer } from './external-server-note.ts';

export async function userRemove(name: string, terminal: Terminal): Promise<void> {
  const [{ removeTenant }, { declaredActors }] = await Promise.all([
    import('../../boot/users/tenants.ts'),
    import('../../boot/roles/hosted-actors.ts'),
  ]);
  const { url, problem } = await removeTenant(name, declaredActors, undefined, namedUrl());
  terminal.out(`user ${name} removed\n`);
  if (problem !== undefined) terminal.tell(`the roles of ${name} in the cluster are still there: ${problem}`);
  noteExternalServer(url, terminal);
}
