import { retryOf, type StatusError } from '../../../contracts/errors/status.ts';
import { own } from '../../../contracts/json-values.ts';
import { createdContainer } from '../../../contracts/runtime/created-container.ts';
import { runtimeCause } from '../../../contracts/runtime/errors.ts';
import type { RuntimeOps } from '../../../contracts/runtime/ops.ts';
import type { ContainerStatus, SandboxStatus } from '../../../contracts/runtime/status.ts';
import { failedAgain, goDuration } from '../pods/backoff.ts';
import type { ContainerBook, Failure, PodLevel, PodNote, PodState, PodVerb } from '../pods/pod-types.ts';

/** What the kubelet holds of a pod besides the pod itself. */
export interface PodBooks {
  readonly level: PodLevel;
  readonly state: PodState;
}
export interface Outcome extends PodBooks {
  readonly notes: readonly PodNote[];
  /** Only a new list can tell what became of it; nothing may be planned before. */
  readonly relist?: boolean;
  /** An image that is on the node. */
  readonly image?: { readonly name: string; readonly id: string };
  /** An image that was thought to be on the node, and is not. */
  readonly lostImage?: string;
}

const CONFIG_RETRY_MS = 10_000;

type Answers = { readonly [K in keyof RuntimeOps]: RuntimeOps[K][1] };

const withBook = (state: PodState, name: string, change: (book: ContainerBook) => ContainerBook): PodState => ({
  ...state,
  containers: { ...state.containers, [name]: change(own(state.containers, name) ?? {}) },
});
/** One more failure of a container. @param more what it was refused for, so that something else is not held up by it */
const withFailure = (
  state: PodState,
  name: string,
  { reason, message, now }: { readonly reason: string; readonly message: string; readonly now: number },
  more: Pick<Failure, 'image' | 'secrets'> = {},
  mostMs?: number,
): PodState =>
  withBook(state, name, (book) => ({
    ...book,
    failure: { ...failedAgain(book.failure, reason, message, now, mostMs, mostMs), ...more },
  }));
const without = <T, K extends keyof T>(value: T, key: K): Omit<T, K> => {
  const { [key]: _, ...rest } = value;
  return rest;
};
const editContainer = (
  level: PodLevel,
  id: string,
  change: (container: ContainerStatus) => ContainerStatus,
): PodLevel => ({ ...level, containers: level.containers.map((each) => (each.id === id ? change(each) : each)) });

const imageNote = (name: string, message: string, reason = 'Pulled'): PodNote => ({
  type: 'Normal',
  reason,
  message,
  container: name,
});

const SANDBOX_CHANGED: PodNote = {
  type: 'Normal',
  reason: 'SandboxChanged',
  message: 'Pod sandbox changed, it will be killed and re-created.',
};

/** What is told before a verb is asked. */
export function notesBefore(verb: PodVerb): readonly PodNote[] {
  if (verb.op === 'pullImage') return [imageNote(verb.name, `Pulling image "${verb.body.image}"`, 'Pulling')];
  if (verb.op === 'runPodSandbox') return verb.body.attempt === 0 ? [] : [SANDBOX_CHANGED];
  if (verb.op !== 'stopContainer') return [];
  return [{ type: 'Normal', reason: 'Killing', message: verb.why, container: verb.name }];
}

/**
 * What is known once the runtime has done what it was asked. Pure.
 * @param askedAt when it was asked; `now` when it answered; milliseconds
 */
export function afterAnswer(books: PodBooks, verb: PodVerb, answer: unknown, askedAt: number, now: number): Outcome {
  const { level, state } = books;
  const same = { level, state, notes: [] };
  switch (verb.op) {
    case 'runPodSandbox': {
      const sandbox = answer as Answers['runPodSandbox'];
      const others = level.sandboxes.filter(({ id }) => id !== sandbox.id);
      const sandboxes = [...others, sandbox];
      return { ...same, level: { ...level, sandboxes }, state: { ...state, sandbox: { attempt: verb.body.attempt } } };
    }
    case 'imageStatus':
      return afterLook(books, verb, (answer as Answers['imageStatus']).image?.imageId, now);
    case 'pullImage':
      return afterPull(books, verb, answer as Answers['pullImage'], askedAt, now);
    case 'createContainer':
      return afterCreate(books, verb, (answer as Answers['createContainer']).containerId, now);
    case 'startContainer': {
      const started = editContainer(level, verb.body.containerId, (container) => ({
        ...container,
        state: 'running',
        startedAt: now,
      }));
      const calmed = withBook(state, verb.name, (book) => without(without(book, 'failure'), 'image'));
      return {
        level: started,
        state: calmed,
        notes: [imageNote(verb.name, `Started container ${verb.name}`, 'Started')],
      };
    }
    case 'stopContainer':
      return { ...same, relist: true }; // only a list tells the exit code
    case 'removeContainer':
      return {
        ...same,
        level: { ...level, containers: level.containers.filter(({ id }) => id !== verb.body.containerId) },
      };
    case 'stopPodSandbox': {
      const sandboxes = level.sandboxes.map((each) => (each.id === verb.body.sandboxId ? stopped(each) : each));
      return { ...same, level: { ...level, sandboxes } };
    }
    case 'removePodSandbox':
      return { ...same, level: withoutSandbox(level, verb.body.sandboxId) };
  }
}

const stopped = (sandbox: SandboxStatus): SandboxStatus => ({ ...without(sandbox, 'ip'), state: 'notReady' });
const withoutSandbox = (level: PodLevel, sandboxId: string): PodLevel => ({
  sandboxes: level.sandboxes.filter(({ id }) => id !== sandboxId),
  containers: level.containers.filter((container) => container.sandboxId !== sandboxId),
});

type Verb<K extends PodVerb['op']> = Extract<PodVerb, { op: K }>;

function afterLook(books: PodBooks, verb: Verb<'imageStatus'>, id: string | undefined, now: number): Outcome {
  const { image } = verb.body;
  const { level } = books;
  if (id !== undefined) return { level, state: books.state, notes: [], image: { name: image, id } };
  if (verb.never !== true) {
    const state = withBook(books.state, verb.name, (book) => ({
      ...book,
      image: { attempt: verb.attempt, name: image },
    }));
    return { level, state, notes: [] };
  }
  const message = `Container image "${image}" is not present with pull policy of Never`;
  const reason = 'ErrImageNeverPull';
  return {
    level,
    state: withFailure(books.state, verb.name, { reason, message, now }, { image }),
    notes: [failedNote(verb.name, message, reason), failedNote(verb.name, `Error: ${reason}`)],
  };
}

function afterPull(
  books: PodBooks,
  verb: Verb<'pullImage'>,
  pulled: Answers['pullImage'],
  askedAt: number,
  now: number,
): Outcome {
  const { image } = verb.body;
  const id = pulled.imageId;
  const book = withBook(books.state, verb.name, (each) => ({
    ...each,
    image: { attempt: verb.attempt, name: image, id, pulled: true },
  }));
  const took = goDuration(now - askedAt);
  const size = pulled.sizeBytes === undefined ? '' : ` Image size: ${pulled.sizeBytes} bytes.`;
  const message = `Successfully pulled image "${image}" in ${took} (${took} including waiting).${size}`;
  return {
    level: books.level,
    state: { ...book, pulls: without(book.pulls, image) as PodState['pulls'] },
    notes: [imageNote(verb.name, message)],
    image: { name: image, id },
  };
}

function afterCreate(books: PodBooks, verb: Verb<'createContainer'>, id: string, now: number): Outcome {
  const { name, attempt, image } = verb.body;
  const made = createdContainer(verb.body, { id, imageId: image, createdAt: now });
  const known = books.level.containers.some((container) => container.id === id);
  const present = `Container image "${made.image}" already present on machine`;
  return {
    level: known ? books.level : { ...books.level, containers: [...books.level.containers, made] },
    state: withBook(books.state, name, (book) => ({ ...without(book, 'replaced'), attempt })),
    notes: [
      ...(verb.present ? [imageNote(name, present)] : []),
      imageNote(name, `Created container: ${name}`, 'Created'),
    ],
    // Another life of this kubelet had made it: what it is now, only a list tells.
    relist: known,
  };
}

/**
 * What is known once the runtime has refused, or nobody answered. A refusal that names its cause is waited out with
 * back-off; after any other, only a new list tells how far it got. Pure.
 */
export function afterRefusal(books: PodBooks, verb: PodVerb, error: StatusError, now: number): Outcome {
  const { level, state } = books;
  const cause = runtimeCause(error);
  const { message } = error;
  const unknown: Outcome = { level, state, notes: [], relist: true };
  if (verb.op === 'runPodSandbox') {
    const { failure } = state.sandbox;
    const again = failedAgain(failure, cause ?? 'CreatePodSandboxError', message, now, 1000, 60_000);
    const note: PodNote = {
      type: 'Warning',
      reason: 'FailedCreatePodSandBox',
      message: `Failed to create pod sandbox: ${message}`,
    };
    return { ...unknown, state: { ...state, sandbox: { ...state.sandbox, failure: again } }, notes: [note] };
  }
  if (verb.op === 'pullImage')
    return { ...refusedPull(books, verb, cause ?? 'ErrImagePull', message, now), relist: false };
  if (verb.op === 'imageStatus' && cause !== undefined) return refusedLook(books, verb, cause, message, now);
  if (verb.op === 'createContainer') return refusedCreate(books, verb, cause, error, now);
  if (verb.op === 'startContainer') {
    if (cause === undefined) return unknown;
    const refused = withFailure(state, verb.name, { reason: cause, message, now });
    return { ...unknown, state: refused, notes: [failedNote(verb.name, `Error: ${message}`)] };
  }
  return unknown;
}

const failedNote = (container: string, message: string, reason = 'Failed'): PodNote => ({
  type: 'Warning',
  reason,
  message,
  container,
});

/** The name is none that the engine could look for. */
function refusedLook(books: PodBooks, verb: Verb<'imageStatus'>, cause: string, message: string, now: number): Outcome {
  const { image } = verb.body;
  return {
    level: books.level,
    state: withFailure(books.state, verb.name, { reason: cause, message, now }, { image }),
    notes: [failedNote(verb.name, message, 'InspectFailed'), failedNote(verb.name, `Error: ${cause}`)],
  };
}

function refusedPull(books: PodBooks, verb: Verb<'pullImage'>, cause: string, message: string, now: number): Outcome {
  const { image } = verb.body;
  const { level, state } = books;
  const failure = failedAgain(own(state.pulls, image), cause, message, now);
  return {
    level,
    state: { ...state, pulls: { ...state.pulls, [image]: failure } },
    notes: [
      failedNote(verb.name, `Failed to pull image "${image}": ${message}`),
      failedNote(verb.name, `Error: ${cause}`),
    ],
  };
}

function refusedCreate(
  books: PodBooks,
  verb: Verb<'createContainer'>,
  named: string | undefined,
  error: StatusError,
  now: number,
): Outcome {
  const { name, image, imageName = image } = verb.body;
  const { level, state } = books;
  // Such as a question that is too large: asked again it would be refused again, and nobody would learn why.
  const cause = named ?? (retryOf(error) === 'never' ? 'CreateContainerError' : undefined);
  const { message } = error;
  // Somebody removed it from the node: look again, and pull it where the policy allows.
  if (cause === 'ImageNotPresent') {
    const forgotten = withBook(state, name, (book) => without(book, 'image'));
    return { level, state: forgotten, notes: [], lostImage: imageName };
  }
  if (cause === undefined) return { level, state, notes: [], relist: true };
  const configured = cause !== 'CreateContainerConfigError';
  const mostMs = configured ? undefined : CONFIG_RETRY_MS;
  const tried = { image: imageName, ...(configured ? {} : { secrets: verb.secrets }) };
  const refused = withFailure(state, name, { reason: cause, message, now }, tried, mostMs);
  return { level, state: refused, notes: [failedNote(name, `Error: ${message}`)], relist: true };
}
