import { expect, it } from 'vitest';
import { planDockerd, planStalePidFiles } from './plan-dockerd.ts';

const info = 'time="…" level=info msg="failed to load overlay, iptables and error creating default bridge"';

it.each([
  {
    why: 'gives up where nothing is known',
    said: "failed to start daemon: Devices cgroup isn't mounted",
    tried: [],
    flags: undefined,
  },
  {
    why: 'is not misled by what is only told',
    said: `${info}\nfailed to start daemon: pid file found`,
    tried: [],
    flags: undefined,
  },
  {
    why: 'goes without iptables',
    said: 'failed to start daemon: Error initializing network controller: error obtaining controller instance: failed to create NAT chain DOCKER: iptables failed',
    tried: [],
    flags: ['--iptables=false'],
  },
  {
    why: 'goes without a bridge next',
    said: 'failed to start daemon: Error initializing network controller: Error creating default "bridge" network: operation not supported',
    tried: ['--iptables=false'],
    flags: ['--iptables=false', '--bridge=none'],
  },
  {
    why: 'copies images where nothing is layered',
    said: 'failed to start daemon: error initializing graphdriver: driver not supported',
    tried: [],
    flags: ['--storage-driver=vfs'],
  },
  {
    why: 'never tries the same twice',
    said: 'failed to start daemon: iptables not found',
    tried: ['--iptables=false'],
    flags: undefined,
  },
])('$why', ({ said, tried, flags }) => {
  expect(planDockerd(said, tried)?.flags).toEqual(flags);
});

it.each([
  { why: 'keeps what a running daemon wrote', process: 'dockerd', stale: [] },
  { why: 'takes away the number of nobody', process: undefined, stale: ['/run/docker.pid'] },
  { why: 'takes away a number that another process has now', process: 'node', stale: ['/run/docker.pid'] },
])('$why', ({ process, stale }) => {
  expect(planStalePidFiles([{ path: '/run/docker.pid', program: 'dockerd', process }])).toEqual(stale);
});
