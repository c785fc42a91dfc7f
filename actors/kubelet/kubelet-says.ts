import { type RuntimeOp, runtimeOp } from '../../contracts/runtime/ops.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import type { World } from '../kernel/contract.ts';
import { api, apiForMetadata, publish, request } from '../kernel/declare.ts';

const runtime = <K extends RuntimeOp>(node: string, op: K) => request(runtimeOp(op), { node, op });

/** Everything that the kubelet of one node may send: requests to the runtime, the dispatcher and the api-server. */
export const saysOf = (node: string) => ({
  info: runtime(node, 'info'),
  list: runtime(node, 'list'),
  setUpVolumes: runtime(node, 'setUpVolumes'),
  setProbes: runtime(node, 'setProbes'),
  tearDownVolumes: runtime(node, 'tearDownVolumes'),
  runPodSandbox: runtime(node, 'runPodSandbox'),
  stopPodSandbox: runtime(node, 'stopPodSandbox'),
  removePodSandbox: runtime(node, 'removePodSandbox'),
  imageStatus: runtime(node, 'imageStatus'),
  pullImage: runtime(node, 'pullImage'),
  listImages: runtime(node, 'listImages'),
  removeImage: runtime(node, 'removeImage'),
  createContainer: runtime(node, 'createContainer'),
  startContainer: runtime(node, 'startContainer'),
  stopContainer: runtime(node, 'stopContainer'),
  removeContainer: runtime(node, 'removeContainer'),
  logs: runtime(node, 'logs'),
  dispatch: request(SUBJECTS.dispatch, { node }),
  heartbeat: publish(SUBJECTS.heartbeat, { node }),
  patchPodStatus: apiForMetadata('patch', 'pods/status'),
  deletePod: api('delete', 'pods'),
  createNode: api('create', 'nodes'),
  patchNodeStatus: api('patch', 'nodes/status'),
  createEvent: api('create', 'events'),
});
export type KubeletWorld = World<ReturnType<typeof saysOf>>;
