import { runtimeOp } from '../../contracts/runtime/ops.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import type { World } from '../kernel/contract.ts';
import { api, publish, request, type Says } from '../kernel/declare.ts';

/** Everything that the kubelet of one node says. */
export const saysOf = (node: string) => ({
  info: request(runtimeOp('info'), { node, op: 'info' }),
  list: request(runtimeOp('list'), { node, op: 'list' }),
  runPodSandbox: request(runtimeOp('runPodSandbox'), { node, op: 'runPodSandbox' }),
  stopPodSandbox: request(runtimeOp('stopPodSandbox'), { node, op: 'stopPodSandbox' }),
  removePodSandbox: request(runtimeOp('removePodSandbox'), { node, op: 'removePodSandbox' }),
  imageStatus: request(runtimeOp('imageStatus'), { node, op: 'imageStatus' }),
  pullImage: request(runtimeOp('pullImage'), { node, op: 'pullImage' }),
  createContainer: request(runtimeOp('createContainer'), { node, op: 'createContainer' }),
  startContainer: request(runtimeOp('startContainer'), { node, op: 'startContainer' }),
  stopContainer: request(runtimeOp('stopContainer'), { node, op: 'stopContainer' }),
  removeContainer: request(runtimeOp('removeContainer'), { node, op: 'removeContainer' }),
  logs: request(runtimeOp('logs'), { node, op: 'logs' }),
  dispatch: request(SUBJECTS.dispatch, { node }),
  heartbeat: publish(SUBJECTS.heartbeat, { node }),
  patchPodStatus: api('patch', 'pods/status'),
  deletePod: api('delete', 'pods'),
  createNode: api('create', 'nodes'),
  patchNodeStatus: api('patch', 'nodes/status'),
  createEvent: api('create', 'events'),
});
export type KubeletWorld = World<Says<ReturnType<typeof saysOf>>>;
