import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { StatusError } from '../../contracts/errors/status.ts';
import { runtimeError } from '../../contracts/runtime/errors.ts';
import type { ImageInfo, StoredImage } from '../../contracts/runtime/status.ts';
import { limitConcurrency, singleFlight } from '../concurrency-limit.ts';
import { callEngine, type Engine, engineCode, engineError, engineWords } from './engine.ts';
import { buildPauseImage, LOCAL_PAUSE_IMAGE } from './pause-and-sample-images.ts';

const LOOK_MS = 30_000;
const PULL_MS = 30 * 60_000;
/** A pull that makes no progress for this long is aborted, as Kubernetes' kubelet does. */
const PULL_IDLE_MS = 60_000;
const PULLS_AT_ONCE = 4;

/** Characters and length of an image name; the exact grammar is left to the engine. */
const NAME = /^[A-Za-z0-9_[][\w.:@/[\]-]{0,1023}$/;

/**
 * Whether a text is safe as an image name in a path of the engine's API: `..`, a query, or an empty part could make the
 * engine do something else, or redirect the request to another host.
 */
export const isImageName = (text: string): boolean =>
  NAME.test(text) && !text.split('/').some((part) => part === '' || /^\.+$/.test(part));

/** Looks up and pulls an engine's images. */
export class Images {
  readonly #engine: Engine;
  readonly #pulls = limitConcurrency(PULLS_AT_ONCE);
  readonly #once = singleFlight<ImageInfo>();
  readonly #pauseImage: string;
  #pauseId: string | undefined;

  /** @param pauseImage  runs in each pod's sandbox; when it is neither present nor can be pulled, a local one is built */
  constructor(engine: Engine, pauseImage: string = LOCAL_PAUSE_IMAGE) {
    this.#engine = engine;
    this.#pauseImage = pauseImage;
  }

  /** @returns `undefined` when the image is not on the node */
  async find(image: string): Promise<ImageInfo | undefined> {
    const act = `look for image ${image}`;
    if (!isImageName(image)) throw invalidName('look for', image);
    try {
      const found = await callEngine(act, LOOK_MS, () => this.#engine.getImage(image).inspect());
      return { imageId: found.Id, image, sizeBytes: found.Size, repoDigests: found.RepoDigests ?? [] };
    } catch (error) {
      if (engineCode(error) === 404) return undefined;
      if (engineCode(error) === 400) throw pullRefusal(image, error);
      throw engineError(act, error);
    }
  }

  /** `USER` of an image; empty for root. @throws StatusError */
  async userOf(image: string): Promise<string> {
    const act = `look for the user of image ${image}`;
    try {
      return (await callEngine(act, LOOK_MS, () => this.#engine.getImage(image).inspect())).Config.User;
    } catch (error) {
      if (engineCode(error) === 404) throw runtimeError('NotFound', 'ImageNotPresent', `${act}: it is not on the node`);
      throw engineError(act, error);
    }
  }

  /** @throws StatusError with cause ErrImagePull or InvalidImageName, with the registry's message */
  async pull(image: string): Promise<ImageInfo> {
    if (!isImageName(image)) throw invalidName('pull', image);
    return this.#once(image, () => this.#pulls(() => this.#pull(image)));
  }

  async #pull(image: string): Promise<ImageInfo> {
    try {
      await callEngine(`pull image ${image}`, PULL_MS, async (abortSignal) => {
        const stream = (await this.#engine.pull(image, { abortSignal })) as Readable;
        await readPull(stream, abortSignal);
      });
    } catch (error) {
      throw pullRefusal(image, error);
    }
    const found = await this.find(image);
    if (found !== undefined) return found;
    throw runtimeError(
      'NotFound',
      'ErrImagePull',
      `pull image ${image}: it is missing after the pull succeeded; pull it again`,
    );
  }

  async list(): Promise<readonly StoredImage[]> {
    const act = 'list images';
    try {
      const found = await callEngine(act, LOOK_MS, () => this.#engine.listImages());
      return found.map(({ Id, Size }) => ({ imageId: Id, sizeBytes: Size }));
    } catch (error) {
      throw engineError(act, error);
    }
  }

  /** Name by name and without force: so the engine refuses an image that a container uses, whoever made it. */
  async remove(imageId: string): Promise<void> {
    const act = `remove image ${imageId}`;
    if (!isImageName(imageId)) throw invalidName('remove', imageId);
    try {
      const found = await callEngine(act, LOOK_MS, () => this.#engine.getImage(imageId).inspect());
      const names = found.RepoTags ?? [];
      for (const name of names.length === 0 ? [found.Id] : names)
        await callEngine(act, LOOK_MS, () => this.#engine.getImage(name).remove());
    } catch (error) {
      if (engineCode(error) !== 404) throw engineError(act, error);
    }
  }

  /** The id of the image that sandboxes run. */
  async pauseImage(): Promise<string> {
    this.#pauseId ??= (await this.#once('\0pause', () => this.#findPause())).imageId;
    return this.#pauseId;
  }
  /** The pause image is gone: the next call looks for it again. */
  forgetPause(): void {
    this.#pauseId = undefined;
  }

  async #findPause(): Promise<ImageInfo> {
    const present = await this.find(this.#pauseImage);
    if (present !== undefined) return present;
    if (this.#pauseImage !== LOCAL_PAUSE_IMAGE) {
      const pulled = await this.pull(this.#pauseImage).catch(() => this.find(LOCAL_PAUSE_IMAGE));
      if (pulled !== undefined) return pulled;
    }
    return { ...(await buildPauseImage(this.#engine)), image: LOCAL_PAUSE_IMAGE };
  }
}

/** An error of the registry, not of the engine, hence the status code. */
const stalled = (): Error => Object.assign(new Error(`no progress for ${PULL_IDLE_MS / 1000} s`), { statusCode: 504 });

/** Reads the progress of a pull to its end. The registry's error may be in the stream, after a successful answer. */
async function readPull(stream: Readable, abortSignal: AbortSignal): Promise<void> {
  const stop = (): void => void stream.destroy(stalled());
  let idle = setTimeout(stop, PULL_IDLE_MS);
  abortSignal.addEventListener('abort', stop, { once: true });
  try {
    for await (const line of createInterface({ input: stream })) {
      clearTimeout(idle);
      idle = setTimeout(stop, PULL_IDLE_MS);
      const refusal = line === '' ? undefined : (JSON.parse(line) as { readonly error?: string }).error;
      if (refusal !== undefined) throw Object.assign(new Error(refusal), { statusCode: 500 });
    }
  } finally {
    clearTimeout(idle);
    abortSignal.removeEventListener('abort', stop);
    stream.destroy();
  }
}

const NAME_SHOWN = 200;
const invalidName = (act: string, image: string): StatusError => {
  const shown = image.length > NAME_SHOWN ? `${image.slice(0, NAME_SHOWN)}…` : image;
  const message = `${act} image ${shown}: invalid reference format; correct the image's name`;
  return runtimeError('Invalid', 'InvalidImageName', message);
};

function pullRefusal(image: string, error: unknown): StatusError | Error {
  const code = engineCode(error);
  if (code === undefined) return error as Error;
  const words = engineWords(error);
  if (code === 400 || /invalid reference format/.test(words)) {
    return runtimeError('Invalid', 'InvalidImageName', `pull image ${image}: ${words}; correct the image's name`);
  }
  const reason = code === 404 || /not found|denied|unknown/i.test(words) ? 'NotFound' : 'ServiceUnavailable';
  return runtimeError(
    reason,
    'ErrImagePull',
    `pull image ${image}: ${words}; check the name, the tag and the registry`,
  );
}
