import type { Mirror } from './plan-apt-sources.ts';

/** What set-up finds on the machine; it decides by nothing else. */
export interface SetupFacts {
  readonly platform: string;
  /** VERSION_ID of Debian, such as `12`; absent on anything else. `sid` has none and counts as the newest. */
  readonly debian?: string;
  readonly root: boolean;
  /** `2.36`; absent where the C library is another one. */
  readonly glibc?: string;
  /** TROUPE_NO_INSTALL: nothing is installed, and no dockerd started. */
  readonly noInstall: boolean;
  readonly natsServer?: {
    readonly path: string;
    readonly version: string;
    readonly verdict: 'ok' | 'warn' | 'refuse';
    /** TROUPE_NATS_SERVER names it: no other one will be run. */
    readonly wished?: boolean;
  };
  /** Is there a static busybox? The image that holds a pod's network is made of it. */
  readonly busybox: boolean;
  readonly engine: EngineFact;
  /** Is there a dockerd to start? */
  readonly dockerd: boolean;
  /** systemd runs this machine. */
  readonly systemd: boolean;
  /** Mirrors of Debian's archive that apt knows. */
  readonly mirrors: readonly Mirror[];
}

export type EngineFact =
  | { readonly answers: true; readonly version: string }
  /** `denied`: it is there, but not for this user. `elsewhere`: DOCKER_HOST names one that does not answer. */
  | { readonly answers: false; readonly why: 'absent' | 'denied' | 'elsewhere'; readonly words: string };

/** Programs that TROUPE_HOME/bin may hold. */
export type Program = 'nats-server' | 'busybox';

export type SetupStep =
  | { readonly do: 'say'; readonly text: string }
  /** Taken from Debian packages and put into TROUPE_HOME/bin. */
  | { readonly do: 'fetch-programs'; readonly programs: readonly Program[]; readonly mirrors: readonly Mirror[] }
  | { readonly do: 'install-docker' }
  | { readonly do: 'start-docker'; readonly by: 'systemd' | 'dockerd' }
  /** Something that is needed and that set-up cannot get; one line with a way out. */
  | { readonly do: 'lack'; readonly what: Program | 'engine'; readonly text: string };

/** What the package of nats-server in Debian's unstable release is linked against. */
const GLIBC_NEEDED = [2, 34] as const;
const OLDEST_DEBIAN = 12;

const glibcServes = (version: string | undefined): boolean => {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  return major > GLIBC_NEEDED[0] || (major === GLIBC_NEEDED[0] && minor >= GLIBC_NEEDED[1]);
};

/** Why set-up may not install on this machine; `undefined` when it may. */
function mayNotInstall(facts: SetupFacts): string | undefined {
  if (facts.noInstall) return 'TROUPE_NO_INSTALL=1 forbids to install it';
  if (facts.debian === undefined) return 'this machine is not Debian';
  if (Number(facts.debian) < OLDEST_DEBIAN) return `Debian ${facts.debian} is older than ${OLDEST_DEBIAN}`;
  return facts.root ? undefined : 'only root may install it';
}

/** Why a program cannot be fetched here; `undefined` when it can. busybox is static and runs with any C library. */
function mayNotFetch(facts: SetupFacts, program: Program): string | undefined {
  const why = mayNotInstall(facts);
  if (why !== undefined) return why;
  if (program === 'nats-server' && !glibcServes(facts.glibc)) {
    return `Debian's package needs glibc 2.34 (here ${facts.glibc ?? 'none'})`;
  }
  return facts.mirrors.length === 0 ? 'apt knows no mirror of Debian' : undefined;
}

/** Why a program that is fetched would not be run. */
const mayNotServe = ({ natsServer }: SetupFacts, program: Program): string | undefined =>
  program === 'nats-server' && natsServer?.wished === true ? 'TROUPE_NATS_SERVER names no other' : undefined;

const WAY_OUT: Readonly<Record<Program, string>> = {
  'nats-server': 'install nats-server 2.15 or newer, or name it in TROUPE_NATS_SERVER',
  busybox: 'install busybox-static, of which the image that holds a pod together is made',
};

/** What is found of nats-server when it will not do. */
function wantOfNats({ natsServer }: SetupFacts): string | undefined {
  if (natsServer === undefined) return 'no nats-server found';
  return natsServer.verdict === 'refuse' ? `${natsServer.path} is ${natsServer.version}, too old` : undefined;
}

function planPrograms(facts: SetupFacts): readonly SetupStep[] {
  const steps: SetupStep[] = [];
  const fetched: Program[] = [];
  const found: string[] = [];
  const wants = { 'nats-server': wantOfNats(facts), busybox: facts.busybox ? undefined : 'no static busybox found' };
  for (const program of ['nats-server', 'busybox'] as const) {
    const want = wants[program];
    if (want === undefined) continue;
    const why = mayNotServe(facts, program) ?? mayNotFetch(facts, program);
    if (why !== undefined) steps.push({ do: 'lack', what: program, text: `${want}, and ${why}: ${WAY_OUT[program]}` });
    else {
      found.push(want);
      fetched.push(program);
    }
  }
  if (fetched.length > 0) {
    const text = `${found.join(', ')}: taking ${fetched.join(' and ')} from Debian's unstable release into TROUPE_HOME/bin (apt's sources stay as they are)`;
    steps.push({ do: 'say', text }, { do: 'fetch-programs', programs: fetched, mirrors: facts.mirrors });
  }
  const { natsServer } = facts;
  if (natsServer?.verdict === 'warn') {
    steps.push({
      do: 'say',
      text: `${natsServer.path} is nats-server ${natsServer.version}, older than the tested 2.15`,
    });
  }
  return steps;
}

function planEngine(facts: SetupFacts): readonly SetupStep[] {
  const { engine } = facts;
  if (engine.answers) return [];
  const lack = (text: string): readonly SetupStep[] => [{ do: 'lack', what: 'engine', text }];
  if (engine.why === 'elsewhere')
    return lack(`DOCKER_HOST names an engine that does not answer (${engine.words}): start it, or unset DOCKER_HOST`);
  if (engine.why === 'denied')
    return lack(
      `a Docker engine is there, but not for this user (${engine.words}): add the user to group docker, or be root`,
    );
  const start: SetupStep = { do: 'start-docker', by: facts.systemd ? 'systemd' : 'dockerd' };
  if (facts.dockerd) {
    if (facts.noInstall)
      return lack(
        'no Docker engine answers, and TROUPE_NO_INSTALL=1 forbids to start dockerd: start it (`sudo systemctl start docker`)',
      );
    if (facts.platform === 'linux' && facts.root)
      return [{ do: 'say', text: 'no Docker engine answers: starting dockerd' }, start];
    return lack('no Docker engine answers, and only root may start dockerd: start it (`sudo systemctl start docker`)');
  }
  const why = mayNotInstall(facts);
  if (why !== undefined) return lack(`no Docker engine answers, and ${why}: install and start Docker`);
  return [
    {
      do: 'say',
      text: 'no Docker engine found: installing the Debian package docker.io and starting dockerd (TROUPE_NO_INSTALL=1 forbids it)',
    },
    { do: 'install-docker' },
    start,
  ];
}

/**
 * What has to happen before a cluster can run here. Pure.
 * @returns `[]` when all is there; installations are announced by a `say` before them
 */
export const planSetup = (facts: SetupFacts): readonly SetupStep[] => [...planPrograms(facts), ...planEngine(facts)];
