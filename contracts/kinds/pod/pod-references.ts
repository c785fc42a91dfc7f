import { type Key, storeKey } from '../../store/keys.ts';
import type { Pod } from '../kinds.ts';

/** Names of the objects that a pod refers to, in its own namespace; sorted, each once. */
export interface PodReferences {
  readonly configMaps: readonly string[];
  readonly secrets: readonly string[];
}

class Names {
  readonly #configMaps = new Set<string>();
  readonly #secrets = new Set<string>();
  configMap(name: string | undefined): void {
    if (name !== undefined && name !== '') this.#configMaps.add(name);
  }
  secret(name: string | undefined): void {
    if (name !== undefined && name !== '') this.#secrets.add(name);
  }
  sorted(): PodReferences {
    return { configMaps: [...this.#configMaps].sort(), secrets: [...this.#secrets].sort() };
  }
}

/** The ConfigMaps and Secrets named in a pod's `env`, `envFrom`, `volumes` and `imagePullSecrets`. Pure. */
export function podReferences(pod: Pod): PodReferences {
  const names = new Names();
  const spec = pod.spec;
  for (const container of [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]) {
    for (const source of container.envFrom ?? []) {
      names.configMap(source.configMapRef?.name);
      names.secret(source.secretRef?.name);
    }
    for (const variable of container.env ?? []) {
      names.configMap(variable.valueFrom?.configMapKeyRef?.name);
      names.secret(variable.valueFrom?.secretKeyRef?.name);
    }
  }
  for (const volume of spec?.volumes ?? []) {
    names.configMap(volume.configMap?.name);
    names.secret(volume.secret?.secretName);
    for (const source of volume.projected?.sources ?? []) {
      names.configMap(source.configMap?.name);
      names.secret(source.secret?.name);
    }
  }
  for (const secret of spec?.imagePullSecrets ?? []) names.secret(secret.name);
  return names.sorted();
}

/** The store keys of these: first the ConfigMaps, then the Secrets. Pure. */
export function podReferenceKeys(pod: Pod): readonly Key[] {
  const { configMaps, secrets } = podReferences(pod);
  const keyOf = (resource: string) => (name: string) => storeKey(resource, pod.metadata?.namespace, name);
  return [...configMaps.map(keyOf('configmaps')), ...secrets.map(keyOf('secrets'))];
}
