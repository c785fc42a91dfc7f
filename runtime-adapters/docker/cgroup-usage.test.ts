import { expect, it } from 'vitest';
import { cgroupUsage } from './cgroup-usage.ts';

const files = (found: Readonly<Record<string, string>>) => (path: string) => Promise.resolve(found[path]);

it.each([
  {
    why: 'version 1, cgroupfs',
    found: {
      '/c/cpuacct/docker/a/cpuacct.usage': '1500000000\n',
      '/c/memory/docker/a/memory.usage_in_bytes': '1000\n',
      '/c/memory/docker/a/memory.stat': 'inactive_file 1\ntotal_inactive_file 300\n',
      '/c/pids/docker/a/pids.current': '3\n',
    },
    usage: { cpuNanoseconds: 1_500_000_000, workingSetBytes: 700, pids: 3 },
  },
  {
    why: 'version 2, systemd',
    found: {
      '/c/cgroup.controllers': 'cpu memory pids',
      '/c/system.slice/docker-a.scope/cpu.stat': 'usage_usec 1500\nuser_usec 1\n',
      '/c/system.slice/docker-a.scope/memory.current': '1000\n',
      '/c/system.slice/docker-a.scope/memory.stat': 'anon 1\ninactive_file 2000\n',
      '/c/system.slice/docker-a.scope/pids.current': '1\n',
    },
    usage: { cpuNanoseconds: 1_500_000, workingSetBytes: 0, pids: 1 },
  },
  { why: 'a container that has just ended', found: {}, usage: {} },
])('$why', async ({ found, usage }) => {
  expect(await cgroupUsage('a', files(found as Record<string, string>), '/c')).toEqual(usage);
});
