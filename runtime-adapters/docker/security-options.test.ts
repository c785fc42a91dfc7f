import { expect, it } from 'vitest';
import type { ContainerSecurity } from '../../contracts/runtime/security.ts';
import { refusedUser, securityOptions } from './security-options.ts';

it.each<{ asked: ContainerSecurity; image?: string; is: object }>([
  { asked: {}, is: { HostConfig: {} } },
  { asked: { user: 7 }, is: { User: '7', HostConfig: {} } },
  { asked: { user: 7, group: 8 }, is: { User: '7:8', HostConfig: {} } },
  { asked: { group: 8 }, image: 'www:www', is: { User: 'www:8', HostConfig: {} } },
  { asked: { group: 8 }, is: { User: '0:8', HostConfig: {} } },
  { asked: { groups: [5, 6] }, is: { HostConfig: { GroupAdd: ['5', '6'] } } },
  { asked: { privileged: true }, is: { HostConfig: { Privileged: true } } },
  {
    asked: { addCapabilities: ['SYS_TIME'], dropCapabilities: ['ALL'], readOnlyRootFilesystem: true },
    is: { HostConfig: { CapAdd: ['SYS_TIME'], CapDrop: ['ALL'], ReadonlyRootfs: true } },
  },
  { asked: { unmaskedProc: true }, is: { HostConfig: { MaskedPaths: [], ReadonlyPaths: [] } } },
  {
    asked: { noNewPrivileges: true, seccomp: { type: 'Unconfined' }, appArmor: 'mine' },
    is: { HostConfig: { SecurityOpt: ['no-new-privileges', 'seccomp=unconfined', 'apparmor=mine'] } },
  },
  { asked: { seccomp: { type: 'RuntimeDefault' } }, is: { HostConfig: {} } },
  { asked: { seccomp: { type: 'Localhost', localhost: 'p' } }, is: { HostConfig: { SecurityOpt: ['seccomp={}'] } } },
])('$asked', ({ asked, image = '', is }) => {
  expect(securityOptions(asked, { imageUser: image, seccompProfile: '{}' })).toEqual(is);
});

it.each([
  ['', /will run as root/],
  ['0', /will run as root/],
  ['00:7', /will run as root/],
  ['1000', undefined],
  ['1000:0', undefined],
  ['www', /non-numeric user \(www\)/],
] as const)('of an image with user "%s": %s', (user, words) => {
  const refusal = refusedUser(user, { pod: { uid: 'u', namespace: 'team', name: 'web' }, name: 'main' });
  if (words === undefined) expect(refusal).toBeUndefined();
  else expect(refusal).toMatch(words);
});
