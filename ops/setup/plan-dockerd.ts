export interface DockerdTry {
  readonly flags: readonly string[];
  /** Message to print before this attempt. */
  readonly because?: string;
}

/** Errors of a failed start, and the flag that avoids each; `because` names the consequence. */
const REMEDIES: readonly { readonly when: RegExp; readonly flag: string; readonly because: string }[] = [
  {
    when: /ip6tables|ip6_tables/i,
    flag: '--ip6tables=false',
    because: 'the kernel has no ip6tables: starting without them',
  },
  {
    when: /iptables|nf_tables|NAT chain/i,
    flag: '--iptables=false',
    because:
      'iptables do not work here: starting without them, so published ports and outgoing connections of containers may not work',
  },
  {
    when: /error creating default "bridge"|bridge.*(not permitted|not supported|operation)/i,
    flag: '--bridge=none',
    because: 'no network bridge can be created here: starting without one, so pods have no network of their own',
  },
  {
    when: /overlay|graphdriver|storage.driver/i,
    flag: '--storage-driver=vfs',
    because: 'no layered file system works here: images will be copied in full',
  },
];

/**
 * Decides how to start dockerd again after a failed attempt. Pure.
 * @param output its output in the last attempt
 * @param tried  flags of that attempt
 * @returns `undefined` when no flag is known that would help
 */
export function planDockerd(output: string, tried: readonly string[]): DockerdTry | undefined {
  const errors = output
    .split('\n')
    .filter((line) => /fail|error|fatal/i.test(line) && !/level=(info|debug)/.test(line));
  const last = errors.at(-1) ?? '';
  const remedy = REMEDIES.find(({ when, flag }) => when.test(last) && !tried.includes(flag));
  return remedy === undefined ? undefined : { flags: [...tried, remedy.flag], because: remedy.because };
}

/** A pid file of one of the engine's daemons. */
export interface PidFile {
  readonly path: string;
  readonly program: 'dockerd' | 'containerd';
  /** Name of the process that has this number now; `undefined` when there is none. */
  readonly process: string | undefined;
}

/**
 * The pid files whose process is not the daemon. They are left over from a crash or a snapshot of the machine. When another process
 * has the number in dockerd's file, dockerd refuses to start; in containerd's, dockerd waits for that process and then ends it. Pure.
 */
export const planStalePidFiles = (files: readonly PidFile[]): readonly string[] =>
  files.filter(({ program, process }) => process !== program).map(({ path }) => path);
