import type { Mirror } from './plan-apt-sources.ts';

/** What set-up knows of the machine; its only input. */
export interface SetupFacts {
  readonly platform: string;
  /** VERSION_ID of Debian, such as `12`; absent on anything else. `sid` has none and counts as the newest. */
  readonly debian?: string;
  readonly root: boolean;
  /** `2.36`; absent for another C library. */
  readonly glibc?: string;
  /** TROUPE_NO_INSTALL: install nothing and start no dockerd. */
  readonly noInstall: boolean;
  readonly natsServer?: {
    readonly path: string;
    readonly version: string;
    readonly verdict: 'ok' | 'warn' | 'refuse';
    /** Given in TROUPE_NATS_SERVER: no other one is used. */
    readonly wished?: boolean;
  };
  /** Is there a static busybox? The pause image is built from it. */
  readonly busybox: boolean;
  readonly engine: EngineFact;
  /** Is dockerd installed? */
  readonly dockerd: boolean;
  /** Does systemd run on this machine? */
  readonly systemd: boolean;
  /** Mirrors of Debian's archive in apt's sources. */
  readonly mirrors: readonly Mirror[];
}

export type EngineFact =
  | { readonly answers: true; readonly version: string }
  /** `denied`: this user may not access it. `elsewhere`: the engine of DOCKER_HOST does not answer. */
  | { readonly answers: false; readonly why: 'absent' | 'denied' | 'elsewhere'; readonly words: string };

/** Programs that TROUPE_HOME/bin may hold. */
export type Program = 'nats-server' | 'busybox';

export type SetupStep =
  | { readonly do: 'say'; readonly text: string }
  /** Downloads programs from Debian packages into TROUPE_HOME/bin. */
  | { readonly do: 'fetch-programs'; readonly programs: readonly Program[]; readonly mirrors: readonly Mirror[] }
  | { readonly do: 'install-docker' }
  | { readonly do: 'start-docker'; readonly by: 'systemd' | 'dockerd' }
  /** A requirement that set-up cannot meet; one line with a remedy. */
  | { readonly do: 'lack'; readonly what: Program | 'engine'; readonly text: string };

/** The glibc that the nats-server package of Debian unstable needs. */
const GLIBC_NEEDED = [2, 34] as const;
const OLDEST_DEBIAN = 12;

const glibcServes = (version: string | undefined): boolean => {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  return major > GLIBC_NEEDED[0] || (major === GLIBC_NEEDED[0] && minor >= GLIBC_NEEDED[1]);
};

/** Why set-up may not install on this machine; `undefined` when it may. */
function mayNotInstall(facts: SetupFacts): string | undefined {
  if (facts.noInstall) return 'TROUPE_NO_INSTALL=1 forbids installing it';
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

/** Why a downloaded program would not be used. */
const mayNotServe = ({ natsServer }: SetupFacts, program: Program): string | undefined =>
  program === 'nats-server' && natsServer?.wished === true
    ? 'TROUPE_NATS_SERVER is set, so no other is used'
    : undefined;

const REMEDY: Readonly<Record<Program, string>> = {
  'nats-server': 'install nats-server 2.15 or newer, or set TROUPE_NATS_SERVER to its path',
  busybox: 'install busybox-static, from which the pause image is built',
};

/** Why the nats-server that was found cannot be used; `undefined` when it can. */
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
    if (why !== undefined) steps.push({ do: 'lack', what: program, text: `${want}, and ${why}: ${REMEDY[program]}` });
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
    return lack(`the engine of DOCKER_HOST does not answer (${engine.words}): start it, or unset DOCKER_HOST`);
  if (engine.why === 'denied')
    return lack(
      `this user may not access the Docker engine (${engine.words}): add the user to group docker, or run as root`,
    );
  const start: SetupStep = { do: 'start-docker', by: facts.systemd ? 'systemd' : 'dockerd' };
  if (facts.dockerd) {
    if (facts.noInstall)
      return lack(
        'no Docker engine answers, and TROUPE_NO_INSTALL=1 forbids starting dockerd: start it (`sudo systemctl start docker`)',
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
 * The steps that are needed before a cluster can run on this machine. Pure.
 * @returns `[]` when nothing is missing; a `say` before each installation announces it
 */
export const planSetup = (facts: SetupFacts): readonly SetupStep[] => [...planPrograms(facts), ...planEngine(facts)];
