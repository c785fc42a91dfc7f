import type { FilesystemStats } from '../../../contracts/runtime/filesystem.ts';
import type { StoredImage } from '../../../contracts/runtime/status.ts';

/** When images are removed, as `--image-gc-high-threshold` and its like say it. */
export interface ImageCollectionOptions {
  /** Share of the filesystem in use from which images are removed, in percent; 100 = never. */
  readonly highPercent: number;
  /** Share down to which they are removed. */
  readonly lowPercent: number;
  /** Images seen for less than this stay; default two minutes. */
  readonly minimumAgeSeconds?: number;
}
const MINIMUM_AGE_SECONDS = 120;

/** What is known of an image that pods of this node used. Times in milliseconds since the Unix epoch. */
export type KnownImage = { readonly firstSeen: number; readonly unusedSince?: number };
export type KnownImages = { readonly [imageId: string]: KnownImage };

/** Notes which images are in use now. An image of which no pod was seen is not known: it may be somebody else's. Pure. */
export function noteImages(before: KnownImages, used: ReadonlySet<string>, now: number): KnownImages {
  const known: Record<string, KnownImage> = {};
  for (const [id, { firstSeen, unusedSince = now }] of Object.entries(before))
    known[id] = used.has(id) ? { firstSeen } : { firstSeen, unusedSince };
  for (const id of used) known[id] ??= { firstSeen: now };
  return known;
}

/** How much must be removed. `all`: every unused image. @returns bytes; 0 = nothing */
export function bytesToFree(
  imagefs: FilesystemStats,
  options: ImageCollectionOptions | undefined,
  all: boolean,
): number {
  if (options === undefined || imagefs.capacityBytes === 0) return 0;
  if (all) return Number.MAX_SAFE_INTEGER;
  const { availableBytes, capacityBytes } = imagefs;
  const usedPercent = 100 - Math.floor((availableBytes * 100) / capacityBytes);
  if (options.highPercent >= 100 || usedPercent < options.highPercent) return 0;
  return Math.max(0, Math.floor((capacityBytes * (100 - options.lowPercent)) / 100) - availableBytes);
}

/**
 * Decides which images are removed: known ones that nothing uses and that are old enough, the longest unused first, until enough
 * is free. Pure.
 * @see kubernetes pkg/kubelet/images/image_gc_manager.go, freeSpace
 */
export function planImageCollection(
  free: number,
  stored: readonly StoredImage[],
  known: KnownImages,
  { now, minimumAgeSeconds = MINIMUM_AGE_SECONDS }: { readonly now: number; readonly minimumAgeSeconds?: number },
): readonly StoredImage[] {
  const candidates = stored.flatMap((image) => {
    const { firstSeen = now, unusedSince } = known[image.imageId] ?? {};
    return unusedSince === undefined || now - firstSeen < minimumAgeSeconds * 1000
      ? []
      : [{ image, firstSeen, unusedSince }];
  });
  const order = candidates.toSorted((a, b) => a.unusedSince - b.unusedSince || a.firstSeen - b.firstSeen);
  const removed: StoredImage[] = [];
  let freed = 0;
  for (const { image } of order) {
    if (freed >= free) break;
    removed.push(image);
    freed += image.sizeBytes;
  }
  return removed;
}
