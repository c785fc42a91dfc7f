import Dockerode from 'dockerode';
import { homePaths, troupeHome } from '../../ops/boot/home/home.ts';
import { removeLabelled } from '../../ops/boot/roles/node-containers.ts';
import { findBusybox, hasImage } from '../../ops/setup/images.ts';
import { buildLocalImage } from '../../runtime-adapters/docker/local-image.ts';

/** The engine that set-up found or started (DOCKER_HOST, else the local socket). */
export const docker = new Dockerode();

/** Has `sh`, `sleep`, `cat`, `echo` and the like under /bin; no entry point. */
export const TEST_IMAGE = 'troupe-test/shell:1';
/** The same content under another tag, for rolling updates. */
export const TEST_IMAGE_2 = 'troupe-test/shell:2';

/**
 * Makes the images that tests run, once an engine, from what the machine has: no registry is asked.
 * @returns the first one's name
 * @throws when no engine answers: a test that needs one fails, it never skips itself
 */
export async function testImage(): Promise<string> {
  try {
    await docker.ping();
  } catch (cause) {
    throw new Error('no Docker engine answers; `npm test` starts one on Debian as root, else start one', { cause });
  }
  if (!(await hasImage(docker, TEST_IMAGE))) {
    const busybox = await findBusybox(homePaths(troupeHome()));
    await buildLocalImage(docker, TEST_IMAGE, { entrypoint: [], cmd: ['sh'] }, busybox);
  }
  await docker.getImage(TEST_IMAGE).tag({ repo: 'troupe-test/shell', tag: '2' });
  return TEST_IMAGE;
}

/** Force-removes every container that carries the label `name=value`; for clean-up in `afterAll`. */
export async function removeContainers(label: string): Promise<void> {
  await removeLabelled(docker, label);
}
