import { nkeys } from 'nats';

const text = new TextDecoder();

/** A new key pair of a NATS user: the server gets the public key, only the user has the seed. */
export function newSeed(): { readonly publicKey: string; readonly seed: string } {
  const pair = nkeys.createUser();
  return { publicKey: pair.getPublicKey(), seed: text.decode(pair.getSeed()) };
}
