import Dockerode from 'dockerode';
import {
  buildPauseImage,
  buildSampleImage,
  LOCAL_PAUSE_IMAGE,
  SAMPLE_IMAGE,
} from '../../runtime-adapters/docker/pause-and-sample-images.ts';
import { BUSYBOX_PLACES, type Busybox, findStaticBusybox } from '../../runtime-adapters/docker/static-busybox.ts';
import type { HomePaths } from '../boot/home/home.ts';

/** The machine's static busybox, else the one that set-up downloaded. @throws StatusError NotFound */
export const findBusybox = (paths: HomePaths): Promise<Busybox> =>
  findStaticBusybox([...BUSYBOX_PLACES, paths.busybox]);

export async function hasImage(docker: Dockerode, image: string): Promise<boolean> {
  try {
    await docker.getImage(image).inspect();
    return true;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return false;
    throw error;
  }
}

/**
 * Builds the images that are needed without a registry, if they are missing: the pause image and the sample's.
 * @returns the images that were built now
 */
export async function makeImages(paths: HomePaths): Promise<readonly string[]> {
  const docker = new Dockerode();
  const made: string[] = [];
  const make = async (image: string, build: (busybox: Busybox) => Promise<unknown>): Promise<void> => {
    if (await hasImage(docker, image)) return;
    await build(await findBusybox(paths));
    made.push(image);
  };
  await make(LOCAL_PAUSE_IMAGE, (busybox) => buildPauseImage(docker, busybox));
  await make(SAMPLE_IMAGE, (busybox) => buildSampleImage(docker, SAMPLE_IMAGE, busybox));
  return made;
}
