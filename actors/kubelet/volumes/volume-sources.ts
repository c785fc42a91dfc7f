import type { KeyToPath, Pod, Volume, VolumeProjection } from '../../../contracts/kinds/kinds.ts';
import type { DispatchedPod } from '../../../contracts/messages/node.ts';
import type { FileSource, Files } from '../../../contracts/runtime/volumes.ts';
import { fieldValue, isConfigError, resourceValue } from '../containers/container-env.ts';
import type { NodeFacts } from '../pods/pod-types.ts';
import { configMapFiles } from './config-map-files.ts';
import { MountError } from './mount-error.ts';
import { tokenFile } from './token-file.ts';

const MODE = 0o644;

/** What the files of a volume are made from besides the pod's spec. */
export interface VolumeFacts {
  readonly dispatched: DispatchedPod;
  readonly node: NodeFacts;
}

/** The files of a configMap, secret, downwardAPI or projected volume; `undefined` for other kinds. Pure. @throws MountError */
export function volumeFiles(volume: Volume, facts: VolumeFacts): Files<FileSource> | undefined {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap !== undefined) {
    return files('configmap', configMap.defaultMode, false, projection({ configMap }, facts));
  }
  if (secret !== undefined) {
    const { secretName, items, optional } = secret;
    const source = {
      ...(secretName === undefined ? {} : { name: secretName }),
      ...(items === undefined ? {} : { items }),
      ...(optional === undefined ? {} : { optional }),
    };
    return files('secret', secret.defaultMode, true, projection({ secret: source }, facts));
  }
  if (downwardAPI !== undefined) {
    return files('downward-api', downwardAPI.defaultMode, false, projection({ downwardAPI }, facts));
  }
  if (projected === undefined) return undefined;
  const { sources = [], defaultMode } = projected;
  const isSecret = sources.some((source) => source.secret !== undefined || source.serviceAccountToken !== undefined);
  return files(
    'projected',
    defaultMode,
    isSecret,
    sources.flatMap((source) => projection(source, facts, defaultMode)),
  );
}

const files = (
  plugin: string,
  defaultMode: number | undefined,
  memory: boolean,
  sources: readonly FileSource[],
): Files<FileSource> => ({ plugin, defaultMode: defaultMode ?? MODE, memory, sources });

function projection(source: VolumeProjection, facts: VolumeFacts, defaultMode = MODE): readonly FileSource[] {
  const { dispatched } = facts;
  const { pod } = dispatched;
  const namespace = pod.metadata?.namespace ?? '';
  if (source.configMap !== undefined) return configMapFiles(dispatched, source.configMap);
  if (source.secret !== undefined) {
    const { name = '', items, optional = false } = source.secret;
    return [{ secret: { namespace, name, optional }, ...(items === undefined ? {} : { items: items.map(keyFile) }) }];
  }
  if (source.downwardAPI !== undefined) {
    return (source.downwardAPI.items ?? []).map(({ path, mode, fieldRef, resourceFieldRef }) => ({
      path,
      ...(mode === undefined ? {} : { mode }),
      text:
        fieldRef === undefined
          ? resourceText(pod, resourceFieldRef, facts.node)
          : fieldText(pod, fieldRef.fieldPath, facts.node),
    }));
  }
  if (source.serviceAccountToken !== undefined)
    return [{ token: tokenFile(pod, source.serviceAccountToken, defaultMode) }];
  if (source.clusterTrustBundle !== undefined) throw new MountError('clusterTrustBundle sources are not supported');
  throw new MountError('a source of the projected volume is not supported');
}

const keyFile = ({ key, path, mode }: KeyToPath) => ({ key, path, ...(mode === undefined ? {} : { mode }) });

/** As Kubernetes writes labels and annotations into files: a line `key="value"` each, sorted. */
const mapText = (map: Readonly<Record<string, string>> = {}): string =>
  Object.keys(map)
    .toSorted()
    .map((key) => `${key}=${JSON.stringify(map[key])}`)
    .join('\n');

function fieldText(pod: Pod, path: string, node: NodeFacts): string {
  if (path === 'metadata.labels') return mapText(pod.metadata?.labels);
  if (path === 'metadata.annotations') return mapText(pod.metadata?.annotations);
  return textOf(fieldValue(pod, path, { podIp: '', node }));
}

function resourceText(
  pod: Pod,
  ref: { readonly containerName?: string; readonly resource: string; readonly divisor?: string | number } | undefined,
  node: NodeFacts,
): string {
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const container = all.find(({ name }) => name === ref?.containerName);
  if (ref === undefined || container === undefined)
    throw new MountError(`container ${ref?.containerName ?? ''} not found`);
  return textOf(resourceValue(container, ref.resource, ref.divisor ?? 0, node));
}

function textOf(found: string | object): string {
  if (typeof found === 'string') return found;
  throw new MountError(isConfigError(found) ? found.error : 'unsupported field');
}

/** The name of the volume's kind: `nfs`, `csi`. */
export const pluginOf = (volume: Volume): string => Object.keys(volume).find((field) => field !== 'name') ?? '';
