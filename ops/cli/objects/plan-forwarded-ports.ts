export interface ForwardedPort {
  /** 0: any free port. */
  readonly local: number;
  readonly remote: number;
}

const PORT_MAX = 65_535;

/**
 * Reads `8080` (the same port on both sides), `8080:80`, `:80` and `0:80` (any free local port). Pure.
 * @returns the reason when it is none of these
 */
export function planForwardedPort(text: string): ForwardedPort | { readonly problem: string } {
  const [, local, remote] = /^(?:(\d*):)?(\d+)$/.exec(text) ?? [];
  const wanted = { local: Number(local ?? remote), remote: Number(remote) };
  if (remote === undefined || wanted.remote < 1 || wanted.remote > PORT_MAX || wanted.local > PORT_MAX)
    return { problem: `"${text}" is no port; write 8080, 8080:80 (local:pod) or :80 (any free local port)` };
  return wanted;
}
