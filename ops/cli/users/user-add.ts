import { programName } from '../shared/command-spec.ts';
import { UsageError } from '../shared/errors.ts';
import type { Terminal } from '../shared/terminal.ts';
import { namedUrl, noteExternalServer } from './external-server-note.ts';

export interface UserAddOptions {
  readonly namespace?: readonly string[];
  /** Path of a module that exports `actors`. */
  readonly actors?: string;
}

export async function userAdd(name: string, options: UserAddOptions, terminal: Terminal): Promise<void> {
  const namespaces = options.namespace ?? [];
  if (options.actors !== undefined) {
    if (namespaces.length > 0)
      throw new UsageError('--namespace is for a tenant and --actors for a service; leave out one of them');
    return serviceAdd(name, options.actors, terminal);
  }
  if (namespaces.length === 0)
    throw new UsageError(`give the namespaces of ${name} with --namespace <name>, which may be repeated`);
  const [{ addTenant }, { declaredActors }] = await Promise.all([
    import('../../boot/users/tenants.ts'),
    import('../../boot/roles/hosted-actors.ts'),
  ]);
  const tenant = await addTenant(name, namespaces, declaredActors);
  terminal.out(`user ${tenant.name} may act in ${tenant.namespaces.join(', ')}\n`);
  terminal.out(`credentials   ${tenant.seedFile}\n`);
  const { context, url } = tenant;
  if (context === undefined) {
    const as = `TROUPE_URL=${namedUrl() ?? '<server>'} TROUPE_USER=${name} TROUPE_NKEY=${tenant.seedFile}`;
    terminal.out(`try           ${as} ${programName()} get pods -n ${tenant.namespaces[0]}\n`);
  } else {
    terminal.out(`nats context  ${context}\n`);
    terminal.out(`try           ${programName()} get pods --context ${context}\n`);
    if (!tenant.live) terminal.tell('no cluster runs now; the server will know the user when it starts');
  }
  noteExternalServer(url, terminal);
  const server = url ?? namedUrl();
  if (server !== undefined && (url === undefined || tenant.live)) await warnOfMissing(namespaces, server, terminal);
}

/** Notes namespaces that do not exist: a user may be created before its namespaces, but it may also be a typing error. */
async function warnOfMissing(namespaces: readonly string[], url: string, terminal: Terminal): Promise<void> {
  const { createNamespaceCommand, missingNamespaces } = await import('../users/missing-namespaces.ts');
  for (const name of await missingNamespaces([...new Set(namespaces)], url))
    terminal.tell(
      `namespace "${name}" does not exist yet; create it with: ${createNamespaceCommand(name, programName())}`,
    );
}

async function serviceAdd(name: string, file: string, terminal: Terminal): Promise<void> {
  const [{ addService }, { loadActors }, { declaredActors }] = await Promise.all([
    import('../../boot/users/services.ts'),
    import('../../embed/load-actors.ts'),
    import('../../boot/roles/hosted-actors.ts'),
  ]);
  const { actors, seedFile, url, live } = await addService(name, await loadActors(file), declaredActors);
  terminal.out(`user ${name} may host ${actors.join(', ')}\n`);
  terminal.out(`credentials   ${seedFile}\n`);
  const server = url ?? namedUrl() ?? '<server>';
  terminal.out(`environment   TROUPE_URL=${server} TROUPE_USER=${name} TROUPE_NKEY=${seedFile}\n`);
  if (url !== undefined && !live) terminal.tell('no cluster runs now; the server will know the user when it starts');
  noteExternalServer(url, terminal);
}
