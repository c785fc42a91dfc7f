import type {
  ContainerConfig,
  EnvEntry,
  EnvVar,
  ResolvedContainerConfig,
  SecretName,
} from '../../contracts/runtime/config.ts';
import { runtimeError } from '../../contracts/runtime/errors.ts';

/** Decoded values of a secret by key; `undefined` when there is no such secret. */
export type SecretValues = Readonly<Record<string, string>> | undefined;

/** What an environment variable may be called, as Kubernetes allows: printable, and no `=`. */
const ENV_NAME = /^[ -<>-~]+$/;

export const secretKey = ({ namespace, name }: Pick<SecretName, 'namespace' | 'name'>): string =>
  `${namespace}/${name}`;

/** The secrets that a container's environment names, each once. */
export function secretsOf(env: readonly EnvEntry[] = []): readonly SecretName[] {
  const found = new Map<string, SecretName>();
  for (const entry of env) {
    const secret = 'secretRef' in entry ? entry.secretRef : 'secretKeyRef' in entry ? entry.secretKeyRef : undefined;
    if (secret !== undefined) found.set(secretKey(secret), secret);
  }
  return [...found.values()];
}

/**
 * Fills in secrets and expands `$(VAR)` in values, command and args as Kubernetes does: `$$` is a dollar, an unknown name stays
 * as it is written.
 * @param secrets  by `secretKey`
 * @throws StatusError Invalid, cause CreateContainerConfigError: a secret or key that is not optional is missing
 */
export function resolveConfig(
  config: ContainerConfig,
  secrets: ReadonlyMap<string, SecretValues>,
): ResolvedContainerConfig {
  const env = resolveEnv(config.env ?? [], secrets);
  const all = (words: readonly string[]): readonly string[] => words.map((word) => expand(word, env));
  return {
    ...config,
    env: [...env].map(([name, value]): EnvVar => ({ name, value })),
    ...(config.command === undefined ? {} : { command: all(config.command) }),
    ...(config.args === undefined ? {} : { args: all(config.args) }),
  };
}

function resolveEnv(entries: readonly EnvEntry[], secrets: ReadonlyMap<string, SecretValues>): Map<string, string> {
  const env = new Map<string, string>();
  for (const entry of entries) {
    if ('secretRef' in entry) {
      const values = valuesOf(entry.secretRef, secrets);
      for (const key of Object.keys(values ?? {}).toSorted()) {
        const name = `${entry.prefix ?? ''}${key}`;
        if (ENV_NAME.test(name)) env.set(name, values?.[key] ?? '');
      }
    } else if ('secretKeyRef' in entry) {
      const value = secretValue(entry.secretKeyRef, secrets);
      if (value !== undefined) env.set(entry.name, value);
    } else {
      env.set(entry.name, entry.literal === true ? entry.value : expand(entry.value, env));
    }
  }
  return env;
}

function valuesOf(secret: SecretName, secrets: ReadonlyMap<string, SecretValues>): SecretValues {
  const values = secrets.get(secretKey(secret));
  if (values === undefined && secret.optional !== true) throw missing(`secret "${secret.name}" not found`);
  return values;
}

function secretValue(
  ref: SecretName & { readonly key: string },
  secrets: ReadonlyMap<string, SecretValues>,
): string | undefined {
  const values = valuesOf(ref, secrets);
  const value = values !== undefined && Object.hasOwn(values, ref.key) ? values[ref.key] : undefined;
  if (value === undefined && ref.optional !== true) {
    throw missing(`couldn't find key ${ref.key} in Secret ${secretKey(ref)}`);
  }
  return value;
}

const missing = (words: string) => runtimeError('Invalid', 'CreateContainerConfigError', words);

/** @param env  what `$(NAME)` may refer to */
export const expand = (words: string, env: ReadonlyMap<string, string>): string =>
  words.replace(/\$(?:\$|\(([^)]*)\))/g, (found, name: string | undefined) =>
    name === undefined ? '$' : (env.get(name) ?? found),
  );
