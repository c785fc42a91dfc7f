import type { PodRef } from '../../contracts/runtime/references.ts';
import { runtimeError } from '../../contracts/runtime/errors.ts';
import type {
  HostMount,
  PodFolder,
  ResolvedPodVolumes,
  VolumeHost,
  VolumeMountConfig,
} from '../../contracts/runtime/volumes.ts';
import type { FilesystemStats, VolumeStats } from '../../contracts/runtime/filesystem.ts';
import type { SimulatedNode } from './simulated-node.ts';

/** The part of a simulated engine that it needs. */
interface Engine {
  node(name: string): SimulatedNode;
  take(node: string, op: string): Promise<void>;
}
import { ROOMY } from './simulated-stats.ts';

/** Volumes without files: it remembers what it was given. They belong to the machine and outlive this object. */
export class SimulatedVolumes implements VolumeHost {
  readonly #engine: Engine;
  readonly #node: string;

  constructor(engine: Engine, node: string) {
    this.#engine = engine;
    this.#node = node;
  }

  list(): Promise<readonly PodFolder[]> {
    const found = [...this.#volumes.values()];
    return Promise.resolve(found.map(({ pod, version, refreshAt }) => folderOf({ pod, version, refreshAt })));
  }

  async setUp(volumes: ResolvedPodVolumes): Promise<PodFolder> {
    await this.#engine.take(this.#node, 'setUpVolumes');
    const version = volumes.version === '' ? (this.#volumes.get(volumes.pod.uid)?.version ?? '') : volumes.version;
    this.#volumes.set(volumes.pod.uid, { ...volumes, version });
    return folderOf({ ...volumes, version });
  }

  async tearDown(podUid: string): Promise<void> {
    await this.#engine.take(this.#node, 'tearDownVolumes');
    this.#volumes.delete(podUid);
  }

  filesystem(): Promise<FilesystemStats> {
    return Promise.resolve(this.#engine.node(this.#node).usage.nodefs ?? ROOMY);
  }

  async stats(): Promise<{ readonly nodefs: FilesystemStats; readonly volumes: readonly VolumeStats[] }> {
    await this.#engine.take(this.#node, 'stats');
    const { usage } = this.#engine.node(this.#node);
    const sized = [...this.#volumes.values()].flatMap(({ pod, volumes }) =>
      volumes.flatMap(({ name }) => {
        const usedBytes = usage.volumes?.[`${pod.uid}/${name}`];
        return usedBytes === undefined ? [] : [{ podUid: pod.uid, volume: name, usedBytes }];
      }),
    );
    return { nodefs: usage.nodefs ?? ROOMY, volumes: sized };
  }

  mounts(pod: PodRef, _container: string, mounts: readonly VolumeMountConfig[]): Promise<readonly HostMount[]> {
    const names = new Set(this.#volumes.get(pod.uid)?.volumes.map(({ name }) => name));
    const found = mounts.map(({ volume, mountPath, subPath = '', readOnly }): HostMount => {
      if (!names.has(volume))
        throw runtimeError('Invalid', 'CreateContainerConfigError', `volume "${volume}" is not set up`);
      const hostPath = `/pods/${pod.uid}/${volume}${subPath === '' ? '' : `/${subPath}`}`;
      return { hostPath, mountPath, ...(readOnly === undefined ? {} : { readOnly }) };
    });
    return Promise.resolve(found);
  }

  get #volumes(): Map<string, ResolvedPodVolumes> {
    return this.#engine.node(this.#node).volumes;
  }
}

const folderOf = ({
  pod,
  version,
  refreshAt,
}: Pick<ResolvedPodVolumes, 'pod' | 'version'> & { readonly refreshAt?: number | undefined }): PodFolder => ({
  pod,
  version,
  ...(refreshAt === undefined ? {} : { refreshAt }),
});
