import { expect, it } from 'vitest';
import { type BuildInfo, buildName, versionOfBuild } from './build-name.ts';

const room = (files: Readonly<Record<string, string>>): BuildInfo => ({
  fileNames: Object.keys(files),
  fileInfos: Object.values(files).map((version, at) => (at % 2 === 0 ? { version } : version)),
});
const BEFORE = room({ '../../ops/a.ts': '1', '../../ops/b.ts': '2', '../../node_modules/x/index.d.ts': '3' });

it.each([
  { what: 'the same', after: BEFORE, same: true },
  {
    what: 'its files in another order, and what is installed in another place',
    after: room({ '../../../node_modules/x/index.d.ts': '3', '../../ops/b.ts': '2', '../../ops/a.ts': '1' }),
    same: true,
  },
  { what: 'a changed file', after: room({ '../../ops/a.ts': '1', '../../ops/b.ts': '3' }), same: false },
  { what: 'a file more', after: room({ '../../ops/a.ts': '1', '../../ops/b.ts': '2', '../c.ts': '2' }), same: false },
  { what: 'contents that changed places', after: room({ '../../ops/a.ts': '2', '../../ops/b.ts': '1' }), same: false },
])('builds of one version are told apart by their sources: $what', ({ after, same }) => {
  const name = buildName('0.1.0', [BEFORE]);
  expect(name).toMatch(/^0\.1\.0\+[0-9a-f]{10}$/);
  expect(buildName('0.1.0', [after]) === name).toBe(same);
});

it('where nothing was compiled a build is called by its version', () => {
  expect(buildName('0.1.0', undefined)).toBe('0.1.0');
});

it.each([
  { build: '0.1.0+3f9a12bc04', version: '0.1.0' },
  { build: '0.1.0', version: '0.1.0' },
  { build: 'mine', version: undefined },
  { build: '', version: undefined },
  { build: '1.0-mine', version: undefined },
])('the version of the build "$build" is $version', ({ build, version }) => {
  expect(versionOfBuild(build)).toBe(version);
});
