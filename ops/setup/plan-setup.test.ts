import { expect, it } from 'vitest';
import { planSetup, type SetupFacts, type SetupStep } from './plan-setup.ts';

const bare: SetupFacts = {
  platform: 'linux',
  debian: '12',
  root: true,
  glibc: '2.36',
  noInstall: false,
  busybox: true,
  engine: { answers: false, why: 'absent', words: 'ENOENT' },
  dockerd: false,
  systemd: false,
  mirrors: [{ uri: 'http://a.test/debian' }],
};
const nats = { path: '/usr/bin/nats-server', version: '2.15.1', verdict: 'ok' } as const;
const engine = { answers: true, version: '26.1' } as const;
const { debian: _debian, ...notDebian } = bare;

/** `say` and `lack` shortened to what they are about. */
const brief = (step: SetupStep): string => {
  if (step.do === 'say') return 'say';
  if (step.do === 'lack') return `lack ${step.what}: ${step.text}`;
  if (step.do === 'start-docker') return `start-docker by ${step.by}`;
  if (step.do === 'fetch-programs') return `fetch ${step.programs.join(' ')}`;
  return step.do;
};
const about = (part: string) => expect.stringContaining(part) as string;

it.each<{ why: string; facts: SetupFacts; plan: readonly string[] }>([
  {
    why: 'a bare Debian gets everything, each announced first',
    facts: { ...bare, busybox: false },
    plan: ['say', 'fetch nats-server busybox', 'say', 'install-docker', 'start-docker by dockerd'],
  },
  { why: 'where all is there, nothing happens', facts: { ...bare, natsServer: nats, engine }, plan: [] },
  {
    why: 'Debian 13 under systemd starts its service',
    facts: { ...bare, debian: '13', glibc: '2.41', systemd: true, natsServer: nats },
    plan: ['say', 'install-docker', 'start-docker by systemd'],
  },
  {
    why: 'an installed engine is started, not installed',
    facts: { ...bare, natsServer: nats, dockerd: true },
    plan: ['say', 'start-docker by dockerd'],
  },
  {
    why: 'nor is an installed engine started where nothing may be installed',
    facts: { ...bare, natsServer: nats, dockerd: true, noInstall: true },
    plan: [about('lack engine: no Docker engine answers, and TROUPE_NO_INSTALL=1 forbids starting dockerd')],
  },
  {
    why: 'TROUPE_NO_INSTALL is obeyed',
    facts: { ...bare, noInstall: true },
    plan: [about('lack nats-server: no nats-server found, and TROUPE_NO_INSTALL=1'), about('lack engine')],
  },
  {
    why: 'without root it says what to install',
    facts: { ...bare, root: false },
    plan: [about('only root may install it'), about('only root may install it')],
  },
  {
    why: 'a dockerd that only root may start is named',
    facts: { ...bare, root: false, natsServer: nats, dockerd: true },
    plan: [about('only root may start dockerd')],
  },
  {
    why: 'elsewhere than on Debian it says what to install',
    facts: notDebian,
    plan: [about('not Debian'), about('not Debian')],
  },
  { why: 'macOS too', facts: { ...notDebian, platform: 'darwin', natsServer: nats }, plan: [about('lack engine')] },
  {
    why: 'Debian 11 is too old',
    facts: { ...bare, debian: '11', glibc: '2.31', engine },
    plan: [about('Debian 11 is older than 12')],
  },
  {
    why: 'another C library is no home for the package',
    facts: { ...bare, glibc: '2.33', engine },
    plan: [about('glibc 2.34')],
  },
  {
    why: 'without a mirror there is nothing to take',
    facts: { ...bare, mirrors: [], engine },
    plan: [about('no mirror')],
  },
  {
    why: 'a server too old is replaced by one of our own',
    facts: { ...bare, engine, natsServer: { path: '/usr/sbin/nats-server', version: '2.9.10', verdict: 'refuse' } },
    plan: ['say', 'fetch nats-server'],
  },
  {
    why: 'one that was wished for is not replaced: it would be run all the same',
    facts: { ...bare, engine, natsServer: { path: '/opt/nats', version: '2.9.10', verdict: 'refuse', wished: true } },
    plan: [about('/opt/nats is 2.9.10, too old, and TROUPE_NATS_SERVER is set, so no other is used')],
  },
  {
    why: 'a server older than the tested one gets a warning',
    facts: { ...bare, engine, natsServer: { path: '/usr/sbin/nats-server', version: '2.12.1', verdict: 'warn' } },
    plan: ['say'],
  },
  {
    why: 'a static busybox runs with any C library',
    facts: { ...bare, glibc: '2.17', natsServer: nats, engine, busybox: false },
    plan: ['say', 'fetch busybox'],
  },
  {
    why: 'a busybox that is nowhere to be had is named',
    facts: { ...notDebian, natsServer: nats, engine, busybox: false },
    plan: [about('lack busybox: no static busybox found, and this machine is not Debian: install busybox-static')],
  },
  {
    why: "somebody else's engine is never replaced",
    facts: { ...bare, natsServer: nats, engine: { answers: false, why: 'elsewhere', words: 'ECONNREFUSED' } },
    plan: [about('DOCKER_HOST')],
  },
  {
    why: 'an engine that refuses the user is not started again',
    facts: {
      ...bare,
      root: false,
      natsServer: nats,
      dockerd: true,
      engine: { answers: false, why: 'denied', words: 'EACCES' },
    },
    plan: [about('group docker')],
  },
])('$why', ({ facts, plan }) => {
  expect(planSetup(facts).map(brief)).toEqual(plan);
});

it('says everything in one line', () => {
  for (const step of [...planSetup(bare), ...planSetup({ ...bare, noInstall: true })]) {
    if ('text' in step) expect(step.text).not.toContain('\n');
  }
});
