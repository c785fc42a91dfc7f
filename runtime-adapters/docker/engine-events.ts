import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from './engine.ts';
import { LABEL } from './labels.ts';

const BACKOFF_FIRST_MS = 100;
const BACKOFF_MOST_MS = 5_000;

export interface EngineEvent {
  readonly action: string;
  readonly containerId: string;
  readonly podUid?: string;
}
export interface EngineEventsListener {
  onEvent(event: EngineEvent): void;
  /** The stream was opened, for the first time or again: earlier events were missed. */
  onOpen(): void;
}

/** Follows the engine's events about a node's containers that end or are removed, until `signal` aborts; reconnects. */
export async function followEngineEvents(
  engine: Engine,
  node: string,
  listener: EngineEventsListener,
  signal: AbortSignal,
): Promise<void> {
  let backoffMs = BACKOFF_FIRST_MS;
  while (!signal.aborted) {
    try {
      const stream = (await engine.getEvents({
        filters: { type: ['container'], event: ['die', 'destroy', 'oom'], label: [`${LABEL.node}=${node}`] },
        abortSignal: signal,
      })) as Readable;
      backoffMs = BACKOFF_FIRST_MS;
      listener.onOpen();
      await readEvents(stream, listener, signal);
    } catch {
      // The engine is unreachable. Requests to it report that; here it is only retried.
    }
    await sleep(backoffMs, undefined, { signal, ref: false }).catch(() => undefined);
    backoffMs = Math.min(backoffMs * 2, BACKOFF_MOST_MS);
  }
}

async function readEvents(stream: Readable, listener: EngineEventsListener, signal: AbortSignal): Promise<void> {
  const stop = (): void => void stream.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const line of createInterface({ input: stream })) {
      const event = parseEvent(line);
      if (event !== undefined) listener.onEvent(event);
    }
  } finally {
    signal.removeEventListener('abort', stop);
    stream.destroy();
  }
}

/** @returns `undefined` for a line that is no container event */
export function parseEvent(line: string): EngineEvent | undefined {
  try {
    const { Action, Actor } = JSON.parse(line) as {
      readonly Action?: string;
      readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> };
    };
    if (Action === undefined || Actor?.ID === undefined) return undefined;
    const podUid = Actor.Attributes?.[LABEL.podUid];
    return { action: Action, containerId: Actor.ID, ...(podUid === undefined ? {} : { podUid }) };
  } catch {
    return undefined;
  }
}
