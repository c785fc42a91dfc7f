import { own } from '../../../contracts/json-values.ts';
import type { Container, EnvVar, EnvVarSource, Pod } from '../../../contracts/kinds/kinds.ts';
import type { DispatchedPod } from '../../../contracts/messages/node.ts';
import { parseQuantity } from '../../../contracts/quantity.ts';
import type { EnvEntry } from '../../../contracts/runtime/config.ts';
import type { NodeFacts } from '../pods/pod-types.ts';

/** What downward API fields need from the node. */
export interface EnvFacts {
  readonly podIp: string;
  readonly node: NodeFacts;
}
/** Why a container cannot be configured yet, in Kubernetes' words. */
export interface ConfigError {
  readonly error: string;
}
export const isConfigError = (found: object): found is ConfigError => 'error' in found;

type Found = readonly EnvEntry[] | ConfigError;

/** Names and values together, in UTF-16 units; no kernel accepts an environment as large. */
const ENV_MOST = 4 * 1024 * 1024;

/**
 * The environment of a container: `envFrom`, then `env`. ConfigMap values and fields are given literally, Secrets by name:
 * the runtime driver fetches their values. Pure.
 */
export function containerEnv(dispatched: DispatchedPod, container: Container, facts: EnvFacts): Found {
  const entries: EnvEntry[] = [];
  let left = ENV_MOST;
  for (const found of foundSources(dispatched, container, facts)) {
    if (isConfigError(found)) return found;
    for (const entry of found) {
      if ('value' in entry) left -= entry.name.length + entry.value.length;
      entries.push(entry);
    }
    if (left < 0) return { error: 'the environment comes to more than 4 MiB; refer to less' };
  }
  return entries;
}

/** A generator, so that the size limit stops it: the same large ConfigMap may be named many times. */
function* foundSources(dispatched: DispatchedPod, container: Container, facts: EnvFacts): Generator<Found> {
  for (const source of container.envFrom ?? []) yield fromSource(dispatched, source);
  for (const variable of container.env ?? []) yield fromVariable(dispatched, container, variable, facts);
}

type ConfigMaps = NonNullable<DispatchedPod['configMaps']>;
function configMapOf(dispatched: DispatchedPod, name: string): ConfigMaps[string] | ConfigError | undefined {
  const key = `${namespaceOf(dispatched)}/${name}`;
  if (dispatched.leftOut?.includes(key) !== true) return dispatched.configMaps?.[key];
  return { error: `configmap "${name}": the pod's ConfigMaps are too large together; refer to fewer or smaller ones` };
}

const namespaceOf = ({ pod }: DispatchedPod): string => pod.metadata?.namespace ?? '';

function fromSource(dispatched: DispatchedPod, source: NonNullable<Container['envFrom']>[number]): Found {
  const namespace = namespaceOf(dispatched);
  const prefix = source.prefix ?? '';
  if (source.configMapRef !== undefined) {
    const { name = '', optional = false } = source.configMapRef;
    const map = configMapOf(dispatched, name);
    if (map === undefined) return optional ? [] : { error: `configmap "${name}" not found` };
    if (isConfigError(map)) return map;
    return Object.entries(map.data ?? {})
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => ({ name: `${prefix}${key}`, value, literal: true }));
  }
  if (source.secretRef !== undefined) {
    const { name = '', optional = false } = source.secretRef;
    if (dispatched.secrets?.[`${namespace}/${name}`] === undefined)
      return optional ? [] : { error: `secret "${name}" not found` };
    return [{ secretRef: { namespace, name, optional }, ...(prefix === '' ? {} : { prefix }) }];
  }
  return [];
}

function fromVariable(dispatched: DispatchedPod, container: Container, variable: EnvVar, facts: EnvFacts): Found {
  const { name, value, valueFrom } = variable;
  if (valueFrom === undefined) return [{ name, value: value ?? '' }];
  if (valueFrom.secretKeyRef !== undefined) return fromSecretKey(dispatched, name, valueFrom.secretKeyRef);
  const found = literalValue(dispatched, container, valueFrom, facts);
  if (found === undefined) return [];
  return typeof found === 'string' ? [{ name, value: found, literal: true }] : found;
}

function fromSecretKey(
  dispatched: DispatchedPod,
  variable: string,
  ref: NonNullable<EnvVarSource['secretKeyRef']>,
): Found {
  const namespace = namespaceOf(dispatched);
  const { name = '', key, optional = false } = ref;
  if (dispatched.secrets?.[`${namespace}/${name}`] === undefined)
    return optional ? [] : { error: `secret "${name}" not found` };
  return [{ name: variable, secretKeyRef: { namespace, name, key, optional } }];
}

/** @returns `undefined` for an optional reference to something that does not exist */
function literalValue(
  dispatched: DispatchedPod,
  container: Container,
  source: EnvVarSource,
  facts: EnvFacts,
): string | undefined | ConfigError {
  if (source.configMapKeyRef !== undefined) return configMapValue(dispatched, source.configMapKeyRef);
  if (source.fieldRef !== undefined) return fieldValue(dispatched.pod, source.fieldRef.fieldPath, facts);
  if (source.resourceFieldRef !== undefined) {
    const { containerName, resource, divisor } = source.resourceFieldRef;
    const all = [...(dispatched.pod.spec?.initContainers ?? []), ...(dispatched.pod.spec?.containers ?? [])];
    const of =
      containerName === undefined || containerName === '' ? container : all.find((c) => c.name === containerName);
    if (of === undefined) return { error: `container ${containerName ?? ''} not found` };
    return resourceValue(of, resource, divisor ?? 0, facts.node);
  }
  return { error: 'unsupported source in valueFrom' };
}

function configMapValue(
  dispatched: DispatchedPod,
  ref: NonNullable<EnvVarSource['configMapKeyRef']>,
): string | undefined | ConfigError {
  const { name = '', key, optional = false } = ref;
  const namespace = namespaceOf(dispatched);
  const map = configMapOf(dispatched, name);
  if (map === undefined) return optional ? undefined : { error: `configmap "${name}" not found` };
  if (isConfigError(map)) return map;
  const value = own(map.data, key);
  if (value !== undefined) return value;
  return optional ? undefined : { error: `couldn't find key ${key} in ConfigMap ${namespace}/${name}` };
}

const SUBSCRIPTED = /^metadata\.(labels|annotations)\['(.+)'\]$/;

/** The value of a `fieldRef`, for the fields that Kubernetes' downward API offers to environment variables. */
export function fieldValue(pod: Pod, path: string, { podIp, node }: EnvFacts): string | ConfigError {
  const found = SUBSCRIPTED.exec(path);
  if (found !== null) {
    const [, which, key = ''] = found;
    return own(which === 'labels' ? pod.metadata?.labels : pod.metadata?.annotations, key) ?? '';
  }
  const values: Readonly<Record<string, string | undefined>> = {
    'metadata.name': pod.metadata?.name,
    'metadata.namespace': pod.metadata?.namespace,
    'metadata.uid': pod.metadata?.uid,
    'spec.nodeName': pod.spec?.nodeName,
    'spec.serviceAccountName': pod.spec?.serviceAccountName,
    'status.hostIP': node.ip,
    'status.hostIPs': node.ip,
    'status.podIP': podIp,
    'status.podIPs': podIp,
  };
  if (!Object.hasOwn(values, path)) return { error: `unsupported fieldPath: ${path}` };
  return values[path] ?? '';
}

/** The value of a `resourceFieldRef`, rounded up to whole divisors; without a limit, the node's capacity. */
export function resourceValue(
  container: Container,
  resource: string,
  divisor: string | number,
  node: NodeFacts,
): string | ConfigError {
  const [kind = '', name = ''] = resource.split('.', 2);
  const { limits = {}, requests = {} } = container.resources ?? {};
  const whole: Readonly<Record<string, number>> = { cpu: node.cpuMillis / 1000, memory: node.memoryBytes };
  const limit = own(limits, name);
  const request = own(requests, name) ?? limit ?? 0;
  const given = kind === 'limits' ? (limit ?? own(whole, name) ?? 0) : kind === 'requests' ? request : undefined;
  if (given === undefined) return { error: `unsupported container resource: ${resource}` };
  const by = parseQuantity(divisor) || 1;
  return String(Math.ceil(parseQuantity(given) / by - 1e-6));
}
