import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import type { PodProbes } from '../../../contracts/runtime/probes.ts';
import type { ContainerStatus, RuntimeLevel, SandboxStatus } from '../../../contracts/runtime/status.ts';
import type { PodFolder } from '../../../contracts/runtime/volumes.ts';
import { NOTHING, type PodLevel } from '../pods/pod-types.ts';

/**
 * What the runtime has of each pod: as last listed, and as changed since by requests. Not kept in cells: a kubelet that
 * starts, or that resumes from a checkpoint, lists first.
 */
export class ObservedPods {
  #pods = new Map<string, PodLevel>();
  #known = false;
  #tick = 0;
  /** The tick of a pod's last request or answer. */
  readonly #touched = new Map<string, number>();
  /** Requests in flight per pod. */
  readonly #busy = new Map<string, number>();
  /** Pods whose state is not known until the next list. */
  readonly #stale = new Set<string>();
  /** Pods that a list did not update because a request was in flight. */
  readonly #skipped = new Set<string>();

  /** Whether a list has arrived. */
  get known(): boolean {
    return this.#known;
  }
  get uids(): readonly string[] {
    return [...this.#pods.keys()].sort();
  }
  /** Ids of the images of all containers, in any state. */
  get imageIds(): ReadonlySet<string> {
    return new Set([...this.#pods.values()].flatMap(({ containers }) => containers.map(({ imageId }) => imageId)));
  }
  level(uid: string): PodLevel {
    return this.#pods.get(uid) ?? NOTHING;
  }
  isStale(uid: string): boolean {
    return this.#stale.has(uid);
  }
  set(uid: string, level: PodLevel): void {
    if (isEmpty(level)) this.#pods.delete(uid);
    else this.#pods.set(uid, level);
  }
  forget(uid: string): void {
    this.#pods.delete(uid);
    this.#touched.delete(uid);
    this.#skipped.delete(uid);
  }
  markStale(uid: string): void {
    this.#stale.add(uid);
  }

  /** A request for a pod starts. @returns a function to call at its answer; it returns whether a new list is needed */
  begin(uid: string): () => boolean {
    this.#touched.set(uid, ++this.#tick);
    this.#busy.set(uid, (this.#busy.get(uid) ?? 0) + 1);
    return () => {
      this.#touched.set(uid, ++this.#tick);
      const left = (this.#busy.get(uid) ?? 1) - 1;
      if (left > 0) this.#busy.set(uid, left);
      else this.#busy.delete(uid);
      return left === 0 && this.#skipped.delete(uid);
    };
  }

  /** A list is requested. @returns a function that takes the answer; it returns the pods that changed, and whether to list again */
  beginList(): (listed: RuntimeLevel) => { readonly woken: readonly string[]; readonly again: boolean } {
    const since = ++this.#tick;
    return (listed) => this.#listed(listed, since);
  }

  #listed(listed: RuntimeLevel, since: number): { woken: readonly string[]; again: boolean } {
    const first = !this.#known;
    this.#known = true;
    const found = byPod(listed);
    const woken: string[] = [];
    let again = false;
    for (const uid of new Set([...this.#pods.keys(), ...found.keys(), ...this.#stale])) {
      if (this.#busy.has(uid)) this.#skipped.add(uid);
      else if ((this.#touched.get(uid) ?? 0) > since) again = true;
      else {
        const level = found.get(uid) ?? NOTHING;
        const changed = !sameJson(level, this.level(uid));
        if (this.#stale.delete(uid) || changed || first) woken.push(uid);
        this.set(uid, level);
        this.#touched.delete(uid);
      }
    }
    return { woken: woken.sort(), again };
  }
}

const isEmpty = ({ sandboxes, containers, folders = [], probes = [] }: PodLevel): boolean =>
  [sandboxes, containers, folders, probes].every(({ length }) => length === 0);

type Found = { sandboxes: SandboxStatus[]; containers: ContainerStatus[]; folders?: PodFolder[]; probes?: PodProbes[] };

function byPod({ sandboxes, containers, folders = [], probes = [] }: RuntimeLevel): Map<string, PodLevel> {
  const found = new Map<string, Found>();
  const of = (uid: string): Found => {
    const level = found.get(uid) ?? { sandboxes: [], containers: [] };
    found.set(uid, level);
    return level;
  };
  for (const sandbox of sandboxes) of(sandbox.pod.uid).sandboxes.push(sandbox);
  for (const container of containers) of(container.pod.uid).containers.push(container);
  for (const folder of folders) (of(folder.pod.uid).folders ??= []).push(folder);
  for (const each of probes) (of(each.pod.uid).probes ??= []).push(each);
  return found;
}
