export interface DockerdTry {
  readonly flags: readonly string[];
  /** Said before this attempt. */
  readonly because?: string;
}

/** What a failed start said, and which flags get around it, at the price that `because` names. */
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
    because: 'no network bridge can be made here: starting without one, so pods have no network of their own',
  },
  {
    when: /overlay|graphdriver|storage.driver/i,
    flag: '--storage-driver=vfs',
    because: 'no layered file system works here: images will be copied whole',
  },
];

/**
 * Whether a dockerd that did not come up should be tried again, and how. Pure.
 * @param said  what it wrote in its last attempt
 * @param tried flags of that attempt
 * @returns `undefined` when nothing is known that would help
 */
export function planDockerd(said: string, tried: readonly string[]): DockerdTry | undefined {
  const errors = said.split('\n').filter((line) => /fail|error|fatal/i.test(line) && !/level=(info|debug)/.test(line));
  const last = errors.at(-1) ?? '';
  const remedy = REMEDIES.find(({ when, flag }) => when.test(last) && !tried.includes(flag));
  return remedy === undefined ? undefined : { flags: [...tried, remedy.flag], because: remedy.because };
}

/** A file in which a daemon of the engine keeps its process number. */
export interface PidFile {
  readonly path: string;
  readonly program: 'dockerd' | 'containerd';
  /** Name of the process that has this number now; `undefined` when there is none. */
  readonly process: string | undefined;
}

/**
 * Which of these files no longer tell the truth. After a crash, or in a machine woken from a snapshot, they stay; as soon
 * as another process has the number, dockerd refuses to start for the one, and waits for the other and then ends that
 * process. Pure.
 */
export const planStalePidFiles = (files: readonly PidFile[]): readonly string[] =>
  files.filter(({ program, process }) => process !== program).map(({ path }) => path);
