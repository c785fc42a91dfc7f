import { encodeMsgpack, MSGPACK_TYPE } from '../../contracts/codec/codec.ts';
import { statusError } from '../../contracts/errors/status.ts';
import { HEADER } from '../../contracts/headers.ts';
import { CONTROL, EXIT, type SessionControl, type SessionRequest } from '../../contracts/messages/sessions.ts';
import type { RuntimeAdapter } from '../../contracts/runtime/adapter.ts';
import { chunkHeaders } from './link/chunk-headers.ts';
import type { SessionSender } from './link/session-peer.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import type { Says } from '../kernel/contract.ts';
import { calls, type DriverContext, type DriverDefinition, defineDriver, publish } from '../kernel/declare.ts';
import { execWork } from './exec-work.ts';
import { parseSessionRequest } from './parse-session-request.ts';
import { planContainer, planSandbox } from './plan-session-target.ts';
import { portForwardWork } from './port-forward-work.ts';
import { Session, type StartWork } from './session.ts';

export interface SessionsOptions {
  readonly node: string;
  readonly adapter: RuntimeAdapter;
}

const TICK_MS = 1_000;
const SESSIONS_MAX = 1_000;

const saysOf = (node: string) => ({ output: publish(SUBJECTS.sessionOutput, { node }) });
type Context = DriverContext<Says<ReturnType<typeof saysOf>>>;

/** What a node's driver hears and says; its permissions are derived from this. */
export const sessionsDeclared = (node: string) => ({
  name: 'sessions',
  hears: {
    open: calls(SUBJECTS.nodeSessions, { fixed: { node } }),
    input: calls(SUBJECTS.session, { fixed: { node }, unrecorded: true }),
  },
  says: saysOf(node),
});

/**
 * Carries bytes between clients and the containers of a node: commands and connections to ports. The api-server has authorised each
 * session; its messages come from the client itself. Recorded are openings, byte counts and exit codes, never bytes.
 */
export function sessionsDriver({ node, adapter }: SessionsOptions): DriverDefinition {
  return defineDriver({
    ...sessionsDeclared(node),
    config: { node },
    run: (context) => {
      const sessions = new Map<string, Session>();
      const ticking = setInterval(() => {
        for (const session of sessions.values()) session.tick(performance.now());
      }, TICK_MS);
      return Promise.resolve({
        handlers: {
          open: async (call) => {
            const request = parseSessionRequest(call.decode());
            const { id } = request;
            if (sessions.size >= SESSIONS_MAX)
              throw statusError(
                'TooManyRequests',
                `open a session: node ${node} has ${SESSIONS_MAX} of them; try later`,
              );
            if (sessions.has(id)) throw statusError('AlreadyExists', `open a session: there is one of this id`);
            const start = await planWork(adapter, request);
            sessions.set(
              id,
              open(context, request, start, () => sessions.delete(id)),
            );
            return {};
          },
          input: ({ tokens, bytes, headers }) => {
            if (tokens === undefined) return;
            const { caller, id, channel } = tokens;
            const session = sessions.get(id);
            if (session?.caller === caller) session.heard(channel, bytes, headers, performance.now());
            else if (channel === CONTROL) tellGone(context, caller, id);
          },
        },
        stop: () => {
          clearInterval(ticking);
          for (const session of sessions.values()) session.end({ error: `the worker of node ${node} was stopped` });
          return Promise.resolve();
        },
      });
    },
  });
}

/** @throws StatusError when the pod or container is not there, or does not run */
async function planWork(adapter: RuntimeAdapter, request: SessionRequest): Promise<StartWork> {
  const { work, podUid } = request;
  const level = await adapter.list({ podUid });
  if (work.kind === 'portforward') {
    const sandbox = planSandbox(request, level);
    return portForwardWork(work.ports, (port) => adapter.connect(sandbox.id, port));
  }
  const { command, stdin = false, tty = false, size } = work;
  const container = planContainer(request, work.container, level);
  return execWork(work, () =>
    adapter.exec(container.id, { command, stdin, tty, ...(size === undefined ? {} : { size }) }),
  );
}

function open(context: Context, request: SessionRequest, start: StartWork, ended: () => void): Session {
  const { id, caller } = request;
  return new Session({
    request,
    start,
    sender: senderOf(context, caller, id),
    exit: (exit) => {
      ended();
      context.send(context.say.output({ caller, id, channel: EXIT }, exit));
    },
    now: performance.now(),
  });
}

const senderOf = (context: Context, caller: string, id: string): SessionSender => {
  const send = (channel: string, bytes: Uint8Array, headers: Readonly<Record<string, string>>): void =>
    context.sendBytes(context.say.output({ caller, id, channel }, undefined), bytes, headers);
  return {
    chunk: (channel, chunk) => send(channel, chunk.bytes, chunkHeaders(chunk)),
    control: (control: SessionControl) => send(CONTROL, encodeMsgpack(control), { [HEADER.contentType]: MSGPACK_TYPE }),
  };
};

/** The same to everybody: whether somebody else has a session of this id is not told. */
function tellGone(context: Context, caller: string, id: string): void {
  const exit = { error: 'the node has no such session; it may have been restarted', bytesSent: 0, bytesReceived: 0 };
  context.send(context.say.output({ caller, id, channel: EXIT }, exit));
}
