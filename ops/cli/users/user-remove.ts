import type { Terminal } from '../shared/terminal.ts';
import { noteExternalServer } from './external-server-note.ts';

export async function userRemove(name: string, terminal: Terminal): Promise<void> {
  const [{ removeTenant }, { declaredActors }] = await Promise.all([
    import('../../boot/users/tenants.ts'),
    import('../../boot/roles/hosted-actors.ts'),
  ]);
  const { url } = await removeTenant(name, declaredActors);
  terminal.out(`user ${name} removed\n`);
  noteExternalServer(url, terminal);
}
