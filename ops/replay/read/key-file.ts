import { readFileSync } from 'node:fs';
import { statusError } from '../../../contracts/errors/status.ts';

/** @throws StatusError NotFound, BadRequest */
export function readKeyFile(path: string): Uint8Array {
  const where = 'it is cluster.key in TROUPE_HOME';
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw statusError('NotFound', `${path}: there is no such key file; ${where}`);
    throw statusError('BadRequest', `read the key ${path}: ${(error as Error).message}; ${where}`);
  }
  if (!/^[\da-f]{64}$/i.test(text))
    throw statusError('BadRequest', `${path} is no cluster key, which is 64 hexadecimal digits; ${where}`);
  return Buffer.from(text, 'hex');
}
