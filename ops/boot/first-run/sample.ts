import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { StatusError } from '../../../contracts/errors/status.ts';
import type { Deployment } from '../../../contracts/kinds/kinds.ts';
import { SAMPLE_SCRIPT } from '../../../runtime-adapters/docker/pause-and-sample-images.ts';
import type { Client } from '../../client/client.ts';
import { tryPull } from '../../setup/pull-image.ts';
import { type HomePaths, writePrivateFile } from '../home/home.ts';
import { projectRoot } from '../home/project-root.ts';
import { type PulledImage, planSample } from './plan-sample.ts';

export const SAMPLE = { namespace: 'default', name: 'hello' } as const;
const MANIFEST = join(projectRoot, 'ops', 'examples', 'hello.yaml');

const applied = (paths: HomePaths): string => join(paths.run, 'sample-applied');

/** Is this the home's first start? */
export const wantsSample = (paths: HomePaths): boolean => !existsSync(applied(paths));

/** Timeout of pulling the image; without a registry the sample uses an image that is built on this machine. */
const PULL_WITHIN_MS = 8_000;

/** Pulls the sample's image, when a registry can be reached. TROUPE_SAMPLE_IMAGE names another image with a busybox. */
export async function pullSample(env: NodeJS.ProcessEnv = process.env): Promise<PulledImage | undefined> {
  const image = env['TROUPE_SAMPLE_IMAGE'] || 'busybox:stable';
  return (await tryPull(image, PULL_WITHIN_MS)) ? { image, script: SAMPLE_SCRIPT } : undefined;
}

/**
 * Creates the sample Deployment at a home's first start. Later starts do not touch it: it may have been scaled or deleted.
 * @returns whether it was created now
 */
export async function createSample(
  client: Client,
  paths: HomePaths,
  pulled: PulledImage | undefined,
): Promise<boolean> {
  if (!wantsSample(paths)) return false;
  let created = true;
  try {
    const manifest = parse(readFileSync(MANIFEST, 'utf8')) as Deployment;
    await client.create('deployments', SAMPLE.namespace, planSample(manifest, pulled));
  } catch (error) {
    if (!(error instanceof StatusError && error.reason === 'AlreadyExists')) throw error;
    created = false;
  }
  writePrivateFile(applied(paths), `${SAMPLE.namespace}/${SAMPLE.name}\n`);
  return created;
}
