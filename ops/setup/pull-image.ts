import Dockerode from 'dockerode';
import { hasImage } from './images.ts';

/**
 * Pulls an image unless the engine has it.
 * @param withinMs timeout; short, for machines without a registry
 * @returns whether the engine has it now
 */
export async function tryPull(image: string, withinMs: number, docker = new Dockerode()): Promise<boolean> {
  try {
    if (await hasImage(docker, image)) return true;
    const abortSignal = AbortSignal.timeout(withinMs);
    const progress = (await docker.pull(image, { abortSignal })) as NodeJS.ReadableStream;
    await new Promise<void>((resolve, reject) => {
      abortSignal.addEventListener('abort', () => reject(new Error(`not pulled after ${withinMs} ms`)), { once: true });
      docker.modem.followProgress(progress, (error) => (error === null ? resolve() : reject(error)));
    });
    return await hasImage(docker, image);
  } catch {
    return false;
  }
}
