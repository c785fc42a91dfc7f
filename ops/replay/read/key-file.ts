import { readFileSync } from 'node:fs';
import { statusError } from '../../../contracts/errors/status.ts';

/** Reads a cluster key. @throws StatusError NotFound, BadRequest */
export function readKeyFile(path: string): Uint8Array {
  const where = 'it is cluster.key in TROUPE_HOME';
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw statusError('NotFound', `${path}: the key file does not exist; ${where}`);
    throw statusError('BadRequest', `read the key ${path}: ${(error as Error).message}; ${where}`);
  }
  if (!/^[\da-f]{64}$/i.test(text))
    throw statusError('BadRequest', `${path} is not a cluster key (64 hexadecimal digits); ${where}`);
  return Buffer.from(text, 'hex');
}
