import type { ContainerConfig, EnvEntry, EnvVar, ResolvedContainerConfig } from '../../contracts/runtime/config.ts';
import type { SecretName } from '../../contracts/runtime/references.ts';
import { runtimeError } from '../../contracts/runtime/errors.ts';
import type { HostMount, VolumeMountConfig } from '../../contracts/runtime/volumes.ts';
import { secretKey } from './secret-data.ts';

/** A Secret's decoded values by key; `undefined` when there is no such Secret. */
export type SecretValues = Readonly<Record<string, string>> | undefined;

/** Most UTF-16 units of expanded references and Secrets; no kernel accepts an environment and command as large. */
const FILLED_MOST = 4 * 1024 * 1024;
type Budget = { left: number };

/** The environment variable names that Kubernetes allows: printable, without `=`. */
const ENV_NAME = /^[ -<>-~]+$/;

/** The Secrets that a container's environment refers to, each once. */
export function secretsOf(env: readonly EnvEntry[] = []): readonly SecretName[] {
  const found = new Map<string, SecretName>();
  for (const entry of env) {
    const secret = 'secretRef' in entry ? entry.secretRef : 'secretKeyRef' in entry ? entry.secretKeyRef : undefined;
    if (secret !== undefined) found.set(secretKey(secret), secret);
  }
  return [...found.values()];
}

/**
 * Fills in Secrets and expands `$(VAR)` in values, command and args as Kubernetes does: `$$` is a dollar, and a reference to
 * an unknown name is kept as it is.
 * @param secrets  by `secretKey`
 * @param mounts  what the container's mounts refer to
 * @throws StatusError Invalid, cause CreateContainerConfigError: a required Secret or key is missing, or the expansion is
 * too large
 */
export function resolveConfig(
  config: ContainerConfig,
  secrets: ReadonlyMap<string, SecretValues>,
  mounts: readonly HostMount[] = [],
): ResolvedContainerConfig {
  const budget: Budget = { left: FILLED_MOST };
  const env = resolveEnv(config.env ?? [], secrets, budget);
  const all = (words: readonly string[]): readonly string[] => words.map((word) => expand(word, env, budget));
  const { mounts: _, ...rest } = config;
  return {
    ...rest,
    ...(mounts.length === 0 ? {} : { mounts }),
    env: [...env].map(([name, value]): EnvVar => ({ name, value })),
    ...(config.command === undefined ? {} : { command: all(config.command) }),
    ...(config.args === undefined ? {} : { args: all(config.args) }),
  };
}

/**
 * The mounts of a container, with references in `subPathExpr` expanded.
 * @throws StatusError Invalid, cause CreateContainerConfigError: a reference that the environment does not have
 */
export function expandMounts(
  config: ContainerConfig,
  secrets: ReadonlyMap<string, SecretValues>,
): readonly VolumeMountConfig[] {
  const budget: Budget = { left: FILLED_MOST };
  const env = resolveEnv(config.env ?? [], secrets, budget);
  return (config.mounts ?? []).map(({ subPathExpr, ...mount }) => {
    if (subPathExpr === undefined || subPathExpr === '') return mount;
    for (const [, name = ''] of subPathExpr.replaceAll('$$', '').matchAll(/\$\(([^)]*)\)/g)) {
      if (!env.has(name)) throw notConfigured(`missing value for "${name}" in subPathExpr "${subPathExpr}"`);
    }
    return { ...mount, subPath: expand(subPathExpr, env, budget) };
  });
}

function resolveEnv(
  entries: readonly EnvEntry[],
  secrets: ReadonlyMap<string, SecretValues>,
  budget: Budget,
): Map<string, string> {
  const env = new Map<string, string>();
  for (const entry of entries) {
    if ('secretRef' in entry) {
      const values = valuesOf(entry.secretRef, secrets);
      for (const key of Object.keys(values ?? {}).toSorted()) {
        const name = `${entry.prefix ?? ''}${key}`;
        if (ENV_NAME.test(name)) env.set(name, spent(values?.[key] ?? '', budget, name));
      }
    } else if ('secretKeyRef' in entry) {
      const value = secretValue(entry.secretKeyRef, secrets);
      if (value !== undefined) env.set(entry.name, spent(value, budget, entry.name));
    } else {
      env.set(entry.name, entry.literal === true ? entry.value : expand(entry.value, env, budget));
    }
  }
  return env;
}

function valuesOf(secret: SecretName, secrets: ReadonlyMap<string, SecretValues>): SecretValues {
  const values = secrets.get(secretKey(secret));
  if (values === undefined && secret.optional !== true) throw notConfigured(`secret "${secret.name}" not found`);
  return values;
}

function secretValue(
  ref: SecretName & { readonly key: string },
  secrets: ReadonlyMap<string, SecretValues>,
): string | undefined {
  const values = valuesOf(ref, secrets);
  const value = values !== undefined && Object.hasOwn(values, ref.key) ? values[ref.key] : undefined;
  if (value === undefined && ref.optional !== true) {
    throw notConfigured(`couldn't find key ${ref.key} in Secret ${secretKey(ref)}`);
  }
  return value;
}

const notConfigured = (words: string) => runtimeError('Invalid', 'CreateContainerConfigError', words);

function spent(value: string, budget: Budget, name: string): string {
  budget.left -= value.length;
  if (budget.left >= 0) return value;
  throw notConfigured(`expand ${name}: references and Secrets come to more than 4 MiB; refer to less`);
}

/**
 * Expands `$(NAME)` references.
 * @param env  the variables that may be referred to
 * @throws StatusError when the expansion exceeds the budget
 */
export const expand = (
  words: string,
  env: ReadonlyMap<string, string>,
  budget: Budget = { left: FILLED_MOST },
): string =>
  words.replace(/\$(?:\$|\(([^)]*)\))/g, (found, name: string | undefined) => {
    if (name === undefined) return '$';
    const value = env.get(name);
    if (value === undefined) return found;
    return spent(value, budget, found);
  });
