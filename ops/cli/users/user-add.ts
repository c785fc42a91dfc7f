import type { Granted } from '../../boot/users/grants.ts';
import { programName } from '../shared/command-spec.ts';
import { UsageError } from '../shared/errors.ts';
import type { Terminal } from '../shared/terminal.ts';
import { namedUrl, noteExternalServer } from './external-server-note.ts';

export interface UserAddOptions {
  readonly namespace?: readonly string[];
  /** Path of a module that exports `actors`. */
  readonly actors?: string;
  /** Of a tenant. */
  readonly role?: string;
  readonly gateway?: boolean;
}

export async function userAdd(name: string, options: UserAddOptions, terminal: Terminal): Promise<void> {
  const namespaces = options.namespace ?? [];
  if (options.role !== undefined && namespaces.length === 0)
    throw new UsageError('--role is the role of a tenant in its namespaces; give them with --namespace <name>');
  if (options.gateway === true) {
    if (namespaces.length > 0 || options.actors !== undefined)
      throw new UsageError('a gateway has neither --namespace nor --actors');
    return gatewayAdd(name, terminal);
  }
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
  const own = { role: options.role, url: namedUrl() };
  const tenant = await addTenant(name, namespaces, declaredActors, undefined, own);
  for (const created of tenant.grant?.created ?? []) terminal.out(`namespace/${created} created\n`);
  terminal.out(`user ${tenant.name} has the role ${tenant.role} in ${tenant.namespaces.join(', ')}\n`);
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
  noteRole(name, tenant, terminal);
}

/** Says so when a user has no role in the cluster yet, and how it gets it. */
function noteRole(name: string, { grant, live, url }: Added, terminal: Terminal): void {
  if (grant !== undefined && grant.problem === undefined) return;
  const again = `run this command again when the cluster runs`;
  if (grant?.problem !== undefined) terminal.tell(`${name} has no role in the cluster yet: ${grant.problem}; ${again}`);
  else if (url === undefined && !live)
    terminal.tell(`${name} has no role in the cluster yet; set TROUPE_URL and ${again}`);
}

interface Added {
  readonly grant?: Granted;
  readonly live: boolean;
  readonly url?: string;
}

async function gatewayAdd(name: string, terminal: Terminal): Promise<void> {
  const [{ addGateway }, { declaredActors }] = await Promise.all([
    import('../../boot/users/gateways.ts'),
    import('../../boot/roles/hosted-actors.ts'),
  ]);
  const { seedFile, url, live } = await addGateway(name, declaredActors);
  terminal.out(`user ${name} may ask in the name of anybody\n`);
  terminal.out(`credentials   ${seedFile}\n`);
  if (url !== undefined && !live) terminal.tell('no cluster runs now; the server will know the user when it starts');
  noteExternalServer(url, terminal);
}

async function serviceAdd(name: string, file: string, terminal: Terminal): Promise<void> {
  const [{ addService }, { loadActors }, { declaredActors }] = await Promise.all([
    import('../../boot/users/services.ts'),
    import('../../embed/load-actors.ts'),
    import('../../boot/roles/hosted-actors.ts'),
  ]);
  const service = await addService(name, await loadActors(file), declaredActors, undefined, namedUrl());
  const { actors, seedFile, url, live } = service;
  terminal.out(`user ${name} may host ${actors.join(', ')}\n`);
  terminal.out(`credentials   ${seedFile}\n`);
  const server = url ?? namedUrl() ?? '<server>';
  terminal.out(`environment   TROUPE_URL=${server} TROUPE_USER=${name} TROUPE_NKEY=${seedFile}\n`);
  if (url !== undefined && !live) terminal.tell('no cluster runs now; the server will know the user when it starts');
  noteExternalServer(url, terminal);
  noteRole(name, service, terminal);
}
