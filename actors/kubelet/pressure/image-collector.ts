import { concat, defer, EMPTY, from, type Observable, of } from 'rxjs';
import { catchError, finalize, ignoreElements, mergeMap } from 'rxjs/operators';
import type { EventNote } from '../../../contracts/kinds/event/make-event.ts';
import type { NodeUsage } from '../../../contracts/messages/metrics.ts';
import type { Cell, Json, Said } from '../../kernel/contract.ts';
import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import type { KubeletWorld } from '../kubelet-says.ts';
import {
  bytesToFree,
  type ImageCollectionOptions,
  type KnownImages,
  noteImages,
  planImageCollection,
} from './plan-image-collection.ts';

const TIMEOUT_MS = 60_000;

export interface ImageCollectorParts {
  readonly world: KubeletWorld;
  readonly options: ImageCollectionOptions | undefined;
  /** Ids of the images of all containers, in any state. */
  readonly used: () => ReadonlySet<string>;
  readonly nodeEvent: (note: EventNote) => Said;
}

/** Removes images that no container uses once the engine's disk is nearly full. */
export class ImageCollector {
  readonly #parts: ImageCollectorParts;
  #collecting = false;

  constructor(parts: ImageCollectorParts) {
    this.#parts = parts;
  }

  /** A usage sample arrived. @param diskIsShort pods would be evicted: every unused image goes */
  sampled({ imagefs }: NodeUsage, diskIsShort: boolean): Observable<Said> {
    const { options, used, world } = this.#parts;
    const known = noteImages(this.#known, used(), world.now());
    if (!sameJson(known, this.#known)) this.#cell.set(known);
    const free = bytesToFree(imagefs, options, diskIsShort);
    if (free === 0 || this.#collecting) return EMPTY;
    this.#collecting = true;
    return this.#collect(free, !diskIsShort).pipe(
      catchError((error: unknown) => {
        world.report('images', error);
        return EMPTY;
      }),
      finalize(() => (this.#collecting = false)),
    );
  }

  #collect(free: number, tellShortage: boolean): Observable<Said> {
    const { world, options, nodeEvent } = this.#parts;
    return world.ask(world.say.listImages({}, {}), { timeoutMs: TIMEOUT_MS }).pipe(
      mergeMap(({ images }) => {
        const age = options?.minimumAgeSeconds;
        const removed = planImageCollection(free, images, this.#known, {
          now: world.now(),
          ...(age === undefined ? {} : { minimumAgeSeconds: age }),
        });
        const freed = removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
        const short = tellShortage && freed < free ? of(nodeEvent(shortNote(free, freed))) : EMPTY;
        return concat(from(removed).pipe(mergeMap(({ imageId }) => this.#remove(imageId), 1)), short);
      }),
    );
  }

  #remove(imageId: string): Observable<never> {
    const { world, used } = this.#parts;
    return defer(() =>
      used().has(imageId) ? EMPTY : world.ask(world.say.removeImage({}, { imageId }), { timeoutMs: TIMEOUT_MS }),
    ).pipe(
      catchError((error: unknown) => {
        world.report('images', error, { passing: true }); // somebody else uses it
        return EMPTY;
      }),
      ignoreElements(),
    );
  }

  get #known(): KnownImages {
    return (this.#cell.get() ?? {}) as KnownImages;
  }
  get #cell(): Cell<Json> {
    return this.#parts.world.cell<Json>('images', null);
  }
}

const shortNote = (wanted: number, found: number): EventNote => ({
  type: 'Warning',
  reason: 'FreeDiskSpaceFailed',
  message: `Failed to garbage collect required amount of images. Attempted to free ${wanted} bytes, but only found ${found} bytes eligible to free.`,
});
