import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { StatusError } from '../../contracts/errors/status.ts';
import type { Deployment } from '../../contracts/kinds/kinds.ts';
import type { Client } from '../client/client.ts';
import { type HomePaths, writePrivateFile } from './home.ts';
import { projectRoot } from './root.ts';

export const SAMPLE = { namespace: 'default', name: 'hello' } as const;
const MANIFEST = join(projectRoot, 'ops', 'examples', 'hello.yaml');

const applied = (paths: HomePaths): string => join(paths.run, 'sample-applied');

/**
 * Creates the sample Deployment at a home's first start. Later it is the user's: what was scaled stays scaled, what was
 * deleted stays deleted.
 * @returns whether it was created now
 */
export async function createSample(client: Client, paths: HomePaths): Promise<boolean> {
  if (existsSync(applied(paths))) return false;
  let created = true;
  try {
    await client.create('deployments', SAMPLE.namespace, parse(readFileSync(MANIFEST, 'utf8')) as Deployment);
  } catch (error) {
    if (!(error instanceof StatusError && error.reason === 'AlreadyExists')) throw error;
    created = false;
  }
  writePrivateFile(applied(paths), `${SAMPLE.namespace}/${SAMPLE.name}\n`);
  return created;
}
