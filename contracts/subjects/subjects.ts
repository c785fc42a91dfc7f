import type { WatchAck } from '../messages/api.ts';
import type { LogLines, LogQuery } from '../messages/logs.ts';
import type { NodeUsage } from '../messages/metrics.ts';
import type { DispatchAnswer, DispatchQuery, NodeAddresses, NodeHeartbeat, NodePods } from '../messages/node.ts';
import type { RuntimeEvent } from '../messages/runtime.ts';
import type { SessionRequest } from '../messages/sessions.ts';
import { family } from './family.ts';

/** Every cluster's subjects begin with one prefix, so that several clusters can share a NATS account. */
export const DEFAULT_PREFIX = 'troupe';

export const VERBS = ['create', 'get', 'list', 'update', 'patch', 'delete', 'apply', 'watch'] as const;
export type Verb = (typeof VERBS)[number];

/**
 * The public contract: every subject on which Troupe speaks. Documents, permissions and the malformed-payload tests are
 * generated from this registry; a new subject is one entry here.
 */
export const SUBJECTS = {
  api: family<unknown, unknown>()('api.<caller>.<verb>.<resource>.<namespace>.<name>', {
    mode: 'request',
    heardBy: 'api-server (queue group)',
    doc: 'One verb on one object or collection; always all tokens, `_` = none. A subresource follows a slash: `pods/status`.',
  }),
  edge: family<unknown, unknown>()('edge.<gateway>.<verb>.<resource>.<namespace>.<name>', {
    mode: 'request',
    heardBy: 'api-server (queue group)',
    doc: 'The same for a gateway, which asks for others: the headers `Troupe-User`, `Troupe-Groups` and `Troupe-Extra` say who asks. Only gateways may publish here.',
  }),
  apply: family<unknown, unknown>()('apply.<caller>.<namespace>', {
    mode: 'request',
    heardBy: 'api-server (queue group)',
    doc: 'A manifest (YAML or JSON, several documents), for `nats pub`. Documents outside the namespace are refused; `_` = any.',
  }),
  outcome: family<unknown>()('outcome.<caller>', {
    mode: 'publish',
    heardBy: 'anyone',
    doc: 'What became of a manifest that was published without a reply subject, in its encoding.',
  }),
  changes: family<unknown>()('changes.<resource>.<namespace>.<name>', {
    mode: 'publish',
    heardBy: 'anyone',
    doc: 'Every change of the store, live, at most once; published by the server. `Nats-Last-Sequence` shows gaps of a key.',
  }),
  events: family<unknown>()('events.<namespace>.<name>', {
    mode: 'publish',
    heardBy: 'anyone',
    doc: 'Every change of an Event, live, at most once; published by the server.',
  }),
  watchAck: family<WatchAck>()('watch.<caller>.<instance>.<id>', {
    mode: 'publish',
    heardBy: 'the api-server instance that serves the watch',
    doc: 'A reader of a watch has handled everything up to a bookmark. The reply subject of that bookmark; `<caller>` is the reader.',
  }),
  nodePods: family<NodePods>()('node.<node>.pods', {
    mode: 'publish',
    heardBy: "that node's kubelet",
    doc: 'What changed among the pods of a node, counted (epoch, counter) so that a gap shows.',
  }),
  nodeNetwork: family<unknown, NodeAddresses>()('node.<node>.network', {
    mode: 'request',
    heardBy: "that node's node-network",
    doc: 'The addresses of all nodes, as this node knows them.',
  }),
  nodeLogs: family<LogQuery, LogLines>()('node.<node>.logs', {
    mode: 'request',
    heardBy: "that node's kubelet",
    doc: "A container's output so far; with `follow` also keeps it streaming on `logs.…` for a while.",
  }),
  nodeMetrics: family<unknown, NodeUsage>()('node.<node>.metrics', {
    mode: 'request',
    heardBy: "that node's runtime driver",
    doc: 'The last usage sample of the node, its pods and containers; for `troupe top`.',
  }),
  nodeSessions: family<SessionRequest, Record<string, never>>()('node.<node>.sessions', {
    mode: 'request',
    heardBy: "that node's session driver",
    doc: "The api-server opens a session: a command in a container, or a way to a pod's ports.",
  }),
  session: family<unknown>()('session.<caller>.<node>.<id>.<channel>', {
    mode: 'publish',
    heardBy: "that node's session driver",
    doc: "What a client sends in its session. Only `<caller>` may publish here, and the node compares it with the session's. Never recorded.",
  }),
  sessionOutput: family<unknown>()('session-output.<caller>.<node>.<id>.<channel>', {
    mode: 'publish',
    heardBy: 'the client that opened the session',
    doc: 'What the node sends in a session. Only that node may publish here, and only `<caller>` may subscribe. Bytes are never recorded; `exit` is.',
  }),
  dispatch: family<DispatchQuery, DispatchAnswer>()('dispatch.<node>', {
    mode: 'request',
    heardBy: 'dispatcher (the acting one)',
    askedByNode: true,
    doc: 'A kubelet asks for the whole list of its pods: at start, after a gap, and to compare digests.',
  }),
  runtime: family<unknown, unknown>()('runtime.<node>.<op>', {
    mode: 'request',
    heardBy: "that node's runtime driver",
    askedByNode: true,
    doc: "CRI's operations; payloads in contracts/runtime.",
  }),
  runtimeEvents: family<RuntimeEvent>()('runtime-events.<node>', {
    mode: 'publish',
    heardBy: "that node's kubelet",
    doc: 'Hints that a container or sandbox may have changed; may miss, may repeat.',
  }),
  heartbeat: family<NodeHeartbeat>()('heartbeat.<node>', {
    mode: 'publish',
    heardBy: 'node controller',
    doc: 'A node is alive; every second, never stored; a lost one is harmless.',
  }),
  metrics: family<NodeUsage>()('metrics.<node>', {
    mode: 'publish',
    heardBy: "that node's kubelet; metrics consumers",
    doc: 'Usage sample of a node, its pods and containers, every ten seconds; never stored.',
  }),
  logs: family<LogLines>()('logs.<namespace>.<pod>.<container>', {
    mode: 'publish',
    heardBy: 'anyone',
    doc: 'Container output, live, streamed only while somebody asked for it; a line is never split.',
  }),
  actor: family<unknown, unknown>()('actor.<actor>.<instance>.status', {
    mode: 'request',
    heardBy: 'the actor',
    doc: "An actor's own account: queue depth, lag, turns, last error.",
  }),
  reconnected: family<unknown>()('reconnected.<instance>', {
    mode: 'self',
    heardBy: 'actors of that process',
    doc: 'The connection of a process is back: what was told meanwhile is lost.',
  }),
  stopping: family<unknown>()('stopping.<instance>', {
    mode: 'self',
    heardBy: 'actors of that process',
    doc: 'The process stops in order: nothing new reaches its actors; they may say their last words.',
  }),
  left: family<unknown>()('left.<instance>', {
    mode: 'self',
    heardBy: 'an actor of that process',
    doc: 'The actor failed, or its view was listed anew, and it began anew: what was in those of its cells that it wants to be told of.',
  }),
  journal: family<unknown>()('journal.<actor>.<instance>', {
    mode: 'stream',
    heardBy: 'replay',
    doc: 'What the actor heard and said, in the order it did, in segments.',
  }),
  journaled: family<unknown>()('journaled.<actor>.<instance>', {
    mode: 'publish',
    heardBy: 'the process that records the actor',
    doc: 'The stream has stored a segment of the journal: its headers alone, published by the server.',
  }),
  checkpoints: family<unknown>()('checkpoints.<revision>.<chunk>', {
    mode: 'stream',
    heardBy: 'the store; replay',
    doc: 'All live objects at a revision, in chunks counted from 0; after them `end`, without which they are not whole.',
  }),
} as const;

export type SubjectName = keyof typeof SUBJECTS;
