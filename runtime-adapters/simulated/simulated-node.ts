import { createHash } from 'node:crypto';
import type { ContainerStatus, ImageInfo, SandboxStatus } from '../../contracts/runtime/status.ts';
import type { ResolvedPodVolumes } from '../../contracts/runtime/volumes.ts';
import type { SimulatedRun, SimulatedUsage } from './simulation-config.ts';

export interface SimulatedContainer {
  status: ContainerStatus;
  readonly run: SimulatedRun;
  /** Cancels the scheduled end. */
  cancelEnd: () => void;
  /** Called when it ends. */
  readonly onEnd: Set<() => void>;
}
export interface Ending {
  readonly at: number;
  readonly exitCode: number;
  readonly oomKilled: boolean;
}
type Hint = { readonly podUid?: string };

/** The state of one simulated machine. */
export interface SimulatedNode {
  readonly name: string;
  readonly sandboxes: Map<string, SandboxStatus>;
  readonly containers: Map<string, SimulatedContainer>;
  /** Pod uid -> its volumes. */
  readonly volumes: Map<string, ResolvedPodVolumes>;
  /** Key of pod, name and attempt -> id, which makes creation idempotent. */
  readonly ids: Map<string, string>;
  /** imageId -> name. */
  readonly images: Map<string, string>;
  readonly pullFailures: Map<string, number>;
  readonly watchers: Set<(hint: Hint) => void>;
  serial: number;
  usage: SimulatedUsage;
  notify(hint: Hint): void;
  /** Ends a container if it is running. */
  end(containerId: string, ending: Ending): void;
}

/** A machine without containers. */
export function emptyNode(name: string): SimulatedNode {
  const node: SimulatedNode = {
    name,
    sandboxes: new Map(),
    containers: new Map(),
    volumes: new Map(),
    ids: new Map(),
    images: new Map(),
    pullFailures: new Map(),
    watchers: new Set(),
    serial: 0,
    usage: {},
    notify(hint) {
      for (const watcher of node.watchers) watcher(hint);
    },
    end(containerId, { at, exitCode, oomKilled }) {
      const container = node.containers.get(containerId);
      if (container?.status.state !== 'running') return;
      container.cancelEnd();
      const reason = oomKilled ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error';
      container.status = { ...container.status, state: 'exited', finishedAt: at, exitCode, oomKilled, reason };
      for (const done of container.onEnd) done();
      container.onEnd.clear();
      node.notify({ podUid: container.status.pod.uid });
    },
  };
  return node;
}

/** An image as a simulated node has it; its id is derived from its name. */
export const imageInfo = (image: string): ImageInfo => ({
  imageId: `sha256:${createHash('sha256').update(image).digest('hex')}`,
  image,
  sizeBytes: 1_000_000,
  repoDigests: [],
});
