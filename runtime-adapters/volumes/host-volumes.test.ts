import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ResolvedFile, ResolvedPodVolumes, VolumeConfig } from '../../contracts/runtime/volumes.ts';
import { HostVolumes } from './host-volumes.ts';
import { mountedBelow, mountPoints, mountPointsOf } from './mount-table.ts';
import { mayMount, unmount } from './mounting.ts';

const POD = { uid: 'u1', namespace: 'team', name: 'web' };
let folder: string;
let volumes: HostVolumes;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'troupe-volumes-')), 'pods');
  volumes = new HostVolumes({ folder, node: 'n1' });
});
afterEach(async () => {
  for (const { pod } of await volumes.list()) await volumes.tearDown(pod.uid);
  expect(mountedBelow(await mountPoints(), folder)).toEqual([]);
  await rm(join(folder, '..'), { recursive: true, force: true });
});

const wanted = (more: readonly VolumeConfig<ResolvedFile>[], version = 'v1', fsGroup?: number): ResolvedPodVolumes => ({
  pod: POD,
  version,
  volumes: more,
  ...(fsGroup === undefined ? {} : { fsGroup }),
});
const files = (sources: readonly ResolvedFile[], memory = false): VolumeConfig<ResolvedFile> => ({
  name: 'files',
  files: { plugin: memory ? 'secret' : 'configmap', sources, defaultMode: 0o644, memory },
});
const mountOf = async (volume: string, more: { readonly subPath?: string } = {}) => {
  const [found] = await volumes.mounts(POD, 'main', [{ volume, mountPath: '/m', ...more }]);
  return found?.hostPath ?? '';
};
const mode = (path: string): number => statSync(path).mode & 0o7777;

describe('files', () => {
  it('have their modes, are in folders, and are seen through one link', async () => {
    await volumes.setUp(
      wanted([
        files([
          { path: 'a', text: 'one' },
          { path: 'sub/b', base64: 'AAEC', mode: 0o400 },
        ]),
      ]),
    );
    const at = await mountOf('files');
    expect(readFileSync(join(at, 'a'), 'utf8')).toBe('one');
    expect(readFileSync(join(at, 'sub/b'))).toEqual(Buffer.from([0, 1, 2]));
    expect([mode(join(at, 'a')), mode(join(at, 'sub/b'))]).toEqual([0o644, 0o400]);
    expect(readlinkSync(join(at, 'sub'))).toBe('..data/sub');
  });

  it('are replaced together, and those that went are removed', async () => {
    await volumes.setUp(
      wanted([
        files([
          { path: 'a', text: 'one' },
          { path: 'gone', text: 'x' },
        ]),
      ]),
    );
    const at = await mountOf('files');
    const before = readlinkSync(join(at, '..data'));
    await volumes.setUp(
      wanted(
        [
          files([
            { path: 'a', text: 'two' },
            { path: 'b', text: 'new' },
          ]),
        ],
        'v2',
      ),
    );
    expect(readlinkSync(join(at, '..data'))).not.toBe(before);
    expect(readdirSync(at).toSorted()).toEqual([readlinkSync(join(at, '..data')), '..data', 'a', 'b']);
    expect(readFileSync(join(at, 'a'), 'utf8')).toBe('two');
  });

  it('are left alone when nothing changed', async () => {
    const same = [files([{ path: 'a', text: 'one' }])];
    await volumes.setUp(wanted(same));
    const at = await mountOf('files');
    const before = readlinkSync(join(at, '..data'));
    await volumes.setUp(wanted(same, 'v2'));
    expect(readlinkSync(join(at, '..data'))).toBe(before);
  });

  it('belong to the fsGroup, which may read them', async () => {
    const group = process.getgid?.() ?? 0;
    await volumes.setUp(wanted([files([{ path: 'a/b', text: 'one', mode: 0o400 }])], 'v1', group));
    const at = await mountOf('files');
    expect(mode(join(at, 'a/b'))).toBe(0o440);
    expect(statSync(join(at, 'a/b')).gid).toBe(group);
    expect(mode(join(at, '..data'))).toBe(0o2755);
  });

  it('of Secrets are in memory', async () => {
    await volumes.setUp(wanted([files([{ path: 'a', text: 'one' }], true)]));
    const at = await mountOf('files');
    expect((await mountPoints()).includes(at)).toBe(mayMount());
  });
});

describe('an emptyDir', () => {
  it('may be written by every user, and keeps its content', async () => {
    await volumes.setUp(wanted([{ name: 'cache', emptyDir: {} }]));
    const at = await mountOf('cache');
    expect(mode(at)).toBe(0o777);
    writeFileSync(join(at, 'f'), 'kept');
    await new HostVolumes({ folder, node: 'n1' }).setUp(wanted([{ name: 'cache', emptyDir: {} }], 'v2'));
    expect(readFileSync(join(at, 'f'), 'utf8')).toBe('kept');
  });

  it('in memory has its size', async () => {
    await volumes.setUp(wanted([{ name: 'cache', emptyDir: { memory: true, sizeLimitBytes: 1 << 20 } }]));
    const at = await mountOf('cache');
    const write = (): void => writeFileSync(join(at, 'f'), Buffer.alloc(2 << 20));
    if (mayMount()) expect(write).toThrow(/ENOSPC/);
    else expect(write).not.toThrow();
  });
});

describe('a hostPath', () => {
  it.each([
    ['Directory', 'is not a directory'],
    ['File', 'is not a file'],
    ['Socket', 'is not a socket file'],
    ['CharDevice', 'is not a character device'],
    ['BlockDevice', 'is not a block device'],
  ] as const)('of type %s must exist', async (type, words) => {
    const path = join(folder, '..', 'nothing');
    const setUp = volumes.setUp(wanted([{ name: 'host', hostPath: { path, type } }]));
    await expect(setUp).rejects.toThrow(
      `MountVolume.SetUp failed for volume "host" : hostPath type check failed: ${path} ${words}`,
    );
  });

  it('is made where its type says so, and is never removed', async () => {
    const path = join(folder, '..', 'made');
    await volumes.setUp(wanted([{ name: 'host', hostPath: { path, type: 'DirectoryOrCreate' } }]));
    expect(await mountOf('host')).toBe(path);
    writeFileSync(join(path, 'f'), 'mine');
    await volumes.setUp(wanted([{ name: 'host', hostPath: { path: join(path, 'g'), type: 'FileOrCreate' } }], 'v2'));
    await volumes.tearDown('u1');
    expect(readdirSync(path).toSorted()).toEqual(['f', 'g']);
  });
});

describe('a sub-path', () => {
  beforeEach(() => volumes.setUp(wanted([{ name: 'cache', emptyDir: {} }])));

  it('is made with the permissions of the volume', async () => {
    const at = await mountOf('cache', { subPath: 'a/b' });
    const volume = await mountOf('cache');
    writeFileSync(join(at, 'f'), 'seen');
    expect(readFileSync(join(volume, 'a/b/f'), 'utf8')).toBe('seen');
    expect(mode(join(volume, 'a'))).toBe(0o777);
  });

  it('stays within the volume', async () => {
    const volume = await mountOf('cache');
    symlinkSync('/etc', join(volume, 'out'));
    mkdirSync(join(volume, 'in'));
    symlinkSync('in', join(volume, 'link'));
    const words = 'failed to prepare subPath for volumeMount "cache" of container "main": subPath';
    await expect(mountOf('cache', { subPath: 'out' })).rejects.toThrow(`${words} out leaves the volume`);
    await expect(mountOf('cache', { subPath: 'out/new' })).rejects.toThrow(`${words} out/new leaves the volume`);
    await expect(mountOf('cache', { subPath: '../x' })).rejects.toThrow(`${words} ../x must be relative`);
    writeFileSync(join(await mountOf('cache', { subPath: 'link' }), 'f'), '');
    expect(existsSync(join(volume, 'in/f'))).toBe(true);
  });

  it('of a file is that file; of given files none is made', async () => {
    await volumes.setUp(wanted([{ name: 'cache', emptyDir: {} }, files([{ path: 'a', text: 'one' }])], 'v2'));
    expect(readFileSync(await mountOf('files', { subPath: 'a' }), 'utf8')).toBe('one');
    await expect(mountOf('files', { subPath: 'b' })).rejects.toThrow('subPath b does not exist in the volume');
  });
});

describe('folders', () => {
  it('are found again by another process of the same node alone', async () => {
    await volumes.setUp({ ...wanted([{ name: 'cache', emptyDir: {} }]), refreshAt: 7 });
    expect(await new HostVolumes({ folder, node: 'n1' }).list()).toEqual([{ pod: POD, version: 'v1', refreshAt: 7 }]);
    expect(await new HostVolumes({ folder, node: 'n2' }).list()).toEqual([]);
  });

  it('of a pod that ended lose their volumes and stay until the pod is gone', async () => {
    await volumes.setUp(wanted([{ name: 'cache', emptyDir: { memory: true } }]));
    await volumes.tearDown('u1', true);
    expect(await volumes.list()).toEqual([{ pod: POD, version: '' }]);
    expect(readdirSync(join(folder, 'u1'))).toEqual(['pod.json']);
    await volumes.tearDown('u1');
    await volumes.tearDown('u1');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('keep their version when some volumes are left out', async () => {
    await volumes.setUp(wanted([files([{ path: 'a', text: 'one' }])]));
    expect(await volumes.setUp(wanted([files([{ path: 'a', text: 'two' }])], ''))).toEqual({ pod: POD, version: 'v1' });
    expect(readFileSync(join(await mountOf('files'), 'a'), 'utf8')).toBe('two');
  });

  it('whose memory was lost with the machine must be made again', async () => {
    await volumes.setUp(wanted([files([{ path: 'a', text: 'one' }], true)]));
    const at = await mountOf('files');
    if (mayMount()) await unmount(at);
    expect(await new HostVolumes({ folder, node: 'n1' }).list()).toEqual([
      { pod: POD, version: mayMount() ? '' : 'v1' },
    ]);
  });
});

it('mount points with spaces are read', () => {
  expect(mountPointsOf('30 1 8:1 / /a\\040b rw - ext4 /dev/x rw\n31 30 8:1 / / rw - ext4 /dev/y rw\n')).toEqual([
    '/a b',
    '/',
  ]);
});
