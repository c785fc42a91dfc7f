import type { ContainerStatus, SandboxStatus } from '../../contracts/runtime/status.ts';
import type { SimulatedRun } from './config.ts';

export interface SimulatedContainer {
  status: ContainerStatus;
  readonly run: SimulatedRun;
  /** Forgets the end that was to come. */
  forget: () => void;
  /** Called once it has ended. */
  readonly onEnd: Set<() => void>;
}
export interface Ending {
  readonly at: number;
  readonly exitCode: number;
  readonly oomKilled: boolean;
}
type Hint = { readonly podUid?: string };

/** What is on one machine. */
export interface SimulatedNode {
  readonly name: string;
  readonly sandboxes: Map<string, SandboxStatus>;
  readonly containers: Map<string, SimulatedContainer>;
  /** Key of pod, name and attempt -> id: what makes creation idempotent. */
  readonly ids: Map<string, string>;
  /** imageId -> name. */
  readonly images: Map<string, string>;
  readonly pullFailures: Map<string, number>;
  readonly watchers: Set<(hint: Hint) => void>;
  serial: number;
  tell(hint: Hint): void;
  /** Ends a running container; one that does not run is left alone. */
  end(containerId: string, ending: Ending): void;
}

export function emptyNode(name: string): SimulatedNode {
  const node: SimulatedNode = {
    name,
    sandboxes: new Map(),
    containers: new Map(),
    ids: new Map(),
    images: new Map(),
    pullFailures: new Map(),
    watchers: new Set(),
    serial: 0,
    tell(hint) {
      for (const watcher of node.watchers) watcher(hint);
    },
    end(containerId, { at, exitCode, oomKilled }) {
      const container = node.containers.get(containerId);
      if (container?.status.state !== 'running') return;
      container.forget();
      const reason = oomKilled ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error';
      container.status = { ...container.status, state: 'exited', finishedAt: at, exitCode, oomKilled, reason };
      for (const done of container.onEnd) done();
      container.onEnd.clear();
      node.tell({ podUid: container.status.pod.uid });
    },
  };
  return node;
}
