import { chmod, chown, lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PodRef } from '../../contracts/runtime/references.ts';
import { runtimeError } from '../../contracts/runtime/errors.ts';
import type { FilesystemStats, VolumeStats } from '../../contracts/runtime/filesystem.ts';
import type {
  EmptyDir,
  Files,
  HostMount,
  PodFolder,
  ResolvedFile,
  ResolvedPodVolumes,
  VolumeConfig,
  VolumeHost,
  VolumeMountConfig,
} from '../../contracts/runtime/volumes.ts';
import { FolderSizes } from '../host/folder-sizes.ts';
import { filesystemOf } from '../host/machine-stats.ts';
import { writeAtomically } from './atomic-files.ts';
import { prepareHostPath } from './host-path.ts';
import { mountedBelow, mountPoints } from './mount-table.ts';
import { bindMount, detach, mayMount, mountTmpfs, unmount } from './mounting.ts';
import { type PodRecord, readRecord, type VolumeRecord, writeRecord } from './pod-record.ts';
import { findSubPath, isWithin } from './sub-path.ts';

const GROUP_WRITE = 0o2770;

/** Keeps the volumes of pods in folders of this machine: `<folder>/<uid>/volumes/kubernetes.io~<plugin>/<name>`, as Kubernetes does. */
export class HostVolumes implements VolumeHost {
  readonly #folder: string;
  /** Uid -> its record; `undefined` until the folder was read. */
  #records: Promise<Map<string, PodRecord>> | undefined;
  /** Uid -> the end of the last work on its folder: one at a time. */
  readonly #busy = new Map<string, Promise<unknown>>();

  readonly #node: string;
  readonly #sizes = new FolderSizes();

  /** @param options.folder  holds a folder per pod; several nodes of one machine may share it */
  constructor({ folder, node }: { readonly folder: string; readonly node: string }) {
    this.#folder = folder;
    this.#node = node;
  }

  async list(): Promise<readonly PodFolder[]> {
    return [...(await this.#known()).values()].map(({ pod, version, refreshAt }) => ({
      pod,
      version,
      ...(refreshAt === undefined ? {} : { refreshAt }),
    }));
  }

  setUp(wanted: ResolvedPodVolumes): Promise<PodFolder> {
    const { pod, version, refreshAt } = wanted;
    return this.#alone(pod.uid, async () => {
      const known = (await this.#known()).get(pod.uid);
      // Before the first volume: a crash must leave no folder without a name.
      let record: PodRecord = { node: this.#node, volumes: {}, version: '', ...known, pod };
      await this.#keep(record);
      const mounted = await mountPoints();
      for (const volume of wanted.volumes) {
        const made = await this.#make(wanted, volume, mounted).catch((error: unknown) => {
          const words = `MountVolume.SetUp failed for volume "${volume.name}" : ${(error as Error).message}`;
          throw runtimeError('Invalid', 'FailedMount', words);
        });
        record = { ...record, volumes: { ...record.volumes, [volume.name]: made } };
      }
      const done = {
        pod,
        version: version === '' ? record.version : version,
        ...(refreshAt === undefined ? {} : { refreshAt }),
      };
      const { refreshAt: _, ...rest } = record;
      await this.#keep({ ...rest, ...done });
      return done;
    });
  }

  tearDown(podUid: string, keepFolder = false): Promise<void> {
    return this.#alone(podUid, async () => {
      const known = await this.#known();
      const folder = this.#of(podUid);
      for (const point of mountedBelow(await mountPoints(), folder)) await unmount(point);
      // Never through a mount: what is mounted there belongs to the machine.
      const left = mountedBelow(await mountPoints(), folder);
      if (left.length > 0) throw new Error(`remove ${folder}: ${left[0] ?? ''} is still mounted`);
      const record = known.get(podUid);
      if (keepFolder && record !== undefined) {
        for (const name of ['volumes', 'volume-subpaths'])
          await rm(join(folder, name), { recursive: true, force: true });
        const { refreshAt: _, ...rest } = record;
        await this.#keep({ ...rest, version: '', volumes: {} });
        return;
      }
      await rm(folder, { recursive: true, force: true });
      known.delete(podUid);
    });
  }

  async filesystem(): Promise<FilesystemStats> {
    return filesystemOf(await nearest(this.#folder));
  }

  /** Volumes in memory and of the machine itself do not count: they take no space of the pods' disk. */
  async stats(): Promise<{ readonly nodefs: FilesystemStats; readonly volumes: readonly VolumeStats[] }> {
    const own = [...(await this.#known()).values()].flatMap(({ pod, volumes }) =>
      Object.entries(volumes).flatMap(([volume, { path, memory }]) =>
        memory !== true && isWithin(this.#of(pod.uid), path) ? [{ podUid: pod.uid, volume, path }] : [],
      ),
    );
    const sizes = await this.#sizes.of(own.map(({ path }) => path));
    const volumes = own.flatMap(({ podUid, volume, path }) => {
      const usedBytes = sizes.get(path);
      return usedBytes === undefined ? [] : [{ podUid, volume, usedBytes }];
    });
    return { nodefs: await this.filesystem(), volumes };
  }

  mounts(pod: PodRef, container: string, wanted: readonly VolumeMountConfig[]): Promise<readonly HostMount[]> {
    return this.#alone(pod.uid, async () => {
      const record = (await this.#known()).get(pod.uid);
      const found: HostMount[] = [];
      for (const [index, mount] of wanted.entries()) {
        const volume = record?.volumes[mount.volume];
        if (volume === undefined) throw notConfigured(`volume "${mount.volume}" is not set up`);
        found.push({
          hostPath: await this.#source({ pod, container, index }, mount, volume),
          mountPath: mount.mountPath,
          ...(mount.readOnly === true ? { readOnly: true } : {}),
          ...(mount.recursiveReadOnly === true ? { recursiveReadOnly: true } : {}),
          ...(mount.propagation === undefined ? {} : { propagation: mount.propagation }),
        });
      }
      return found;
    });
  }

  #of(uid: string): string {
    return join(this.#folder, uid);
  }

  #known(): Promise<Map<string, PodRecord>> {
    this.#records ??= this.#read().catch((error: unknown) => {
      this.#records = undefined;
      throw error;
    });
    return this.#records;
  }

  async #read(): Promise<Map<string, PodRecord>> {
    const found = new Map<string, PodRecord>();
    const mounted = new Set(await mountPoints());
    const uids = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    for (const uid of uids) {
      const record = await readRecord(this.#of(uid));
      if (record?.node !== this.#node) continue;
      // The machine was restarted: its memory is empty.
      const lost = Object.values(record.volumes).some(({ memory, path }) => memory === true && !mounted.has(path));
      found.set(uid, lost ? { ...record, version: '' } : record);
    }
    return found;
  }

  async #keep(record: PodRecord): Promise<void> {
    await writeRecord(this.#of(record.pod.uid), record);
    (await this.#known()).set(record.pod.uid, record);
  }

  async #alone<T>(uid: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#busy.get(uid) ?? Promise.resolve()).catch(() => undefined).then(work);
    this.#busy.set(uid, turn);
    try {
      return await turn;
    } finally {
      if (this.#busy.get(uid) === turn) this.#busy.delete(uid);
    }
  }

  async #make(
    { pod, fsGroup }: ResolvedPodVolumes,
    { name, emptyDir, hostPath, files }: VolumeConfig<ResolvedFile>,
    mounted: readonly string[],
  ): Promise<VolumeRecord> {
    const at = (plugin: string): string => join(this.#of(pod.uid), 'volumes', `kubernetes.io~${plugin}`, name);
    if (hostPath !== undefined) {
      await prepareHostPath(hostPath);
      return { path: hostPath.path };
    }
    if (files !== undefined) return makeFiles(at(files.plugin), files, fsGroup, mounted);
    const known = (await this.#known()).get(pod.uid)?.volumes[name];
    return makeEmptyDir(at('empty-dir'), emptyDir ?? {}, fsGroup, { mounted, known });
  }

  /** The path of a mount on the node. A sub-path is mounted elsewhere first: the volume's owner could exchange it for a link. */
  async #source(
    { pod, container, index }: { readonly pod: PodRef; readonly container: string; readonly index: number },
    { volume, subPath = '' }: VolumeMountConfig,
    record: VolumeRecord,
  ): Promise<string> {
    if (subPath === '') return record.path;
    try {
      const found = await findSubPath(record.path, subPath, record.files !== true);
      if (!mayMount()) return found.path;
      const target = join(this.#of(pod.uid), 'volume-subpaths', volume, container, String(index));
      const points = await mountPoints();
      for (const point of points.filter((each) => each === target)) await detach(point);
      await makeTarget(target, (await lstat(found.path)).isDirectory());
      await bindMount(found.path, target, (real) => isWithin(found.root, real));
      return target;
    } catch (error) {
      throw notConfigured(
        `failed to prepare subPath for volumeMount "${volume}" of container "${container}": ${(error as Error).message}`,
      );
    }
  }
}

/** The folder, or the nearest one above it that exists. */
const nearest = (folder: string): Promise<string> =>
  lstat(folder).then(
    () => folder,
    () => nearest(dirname(folder)),
  );

const notConfigured = (words: string) => runtimeError('Invalid', 'CreateContainerConfigError', words);

async function makeTarget(target: string, isFolder: boolean): Promise<void> {
  await rm(target, { recursive: true, force: true });
  await mkdir(isFolder ? target : dirname(target), { recursive: true, mode: 0o750 });
  if (!isFolder) await writeFile(target, '');
}

async function makeFolder(
  path: string,
  memory: boolean,
  mounted: readonly string[],
  sizeBytes?: number,
): Promise<boolean> {
  const inMemory = memory && mayMount();
  await mkdir(path, { recursive: true, mode: 0o750 });
  if (inMemory && !mounted.includes(path)) await mountTmpfs(path, sizeBytes);
  return inMemory;
}

async function makeFiles(
  path: string,
  { sources, defaultMode, memory }: Files<ResolvedFile>,
  fsGroup: number | undefined,
  mounted: readonly string[],
): Promise<VolumeRecord> {
  const inMemory = await makeFolder(path, memory, mounted);
  await chmod(path, fsGroup === undefined ? 0o777 : 0o2777);
  if (fsGroup !== undefined) await chown(path, (await lstat(path)).uid, fsGroup);
  await writeAtomically(path, { files: sources, defaultMode, ...(fsGroup === undefined ? {} : { fsGroup }) });
  return { path, files: true, ...(inMemory ? { memory: true } : {}) };
}

/** Only when it is new: later its content and permissions belong to the containers. */
async function makeEmptyDir(
  path: string,
  { memory = false, sizeLimitBytes }: EmptyDir,
  fsGroup: number | undefined,
  { mounted, known }: { readonly mounted: readonly string[]; readonly known: VolumeRecord | undefined },
): Promise<VolumeRecord> {
  if (known !== undefined && (known.memory !== true || mounted.includes(path))) return known;
  const inMemory = await makeFolder(path, memory, mounted, sizeLimitBytes);
  await share(path, fsGroup);
  return { path, ...(inMemory ? { memory: true } : {}) };
}

async function share(path: string, fsGroup: number | undefined): Promise<void> {
  if (fsGroup !== undefined) await chown(path, (await lstat(path)).uid, fsGroup);
  await chmod(path, fsGroup === undefined ? 0o777 : 0o777 | GROUP_WRITE);
}
