import { createHash } from 'node:crypto';
import type { ImageInfo } from '../../contracts/runtime/status.ts';

/** An image as a node has it: its id is made from its name. */
export const imageInfo = (image: string): ImageInfo => ({
  imageId: `sha256:${createHash('sha256').update(image).digest('hex')}`,
  image,
  sizeBytes: 1_000_000,
  repoDigests: [],
});
