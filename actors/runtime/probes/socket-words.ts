const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ECONNRESET: 'connection reset by peer',
};

/** A socket's error in the words of Kubernetes' messages. */
export function socketWords(error: unknown, host: string, port: string | number): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const words = Object.hasOwn(WORDS, code) ? WORDS[code] : undefined;
  return words === undefined ? message : `dial tcp ${host}:${port}: ${words}`;
}
