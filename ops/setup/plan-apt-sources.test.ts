import { expect, it } from 'vitest';
import { planMirrors } from './plan-apt-sources.ts';

const list = (text: string) => ({ name: 'sources.list', text });
const deb822 = (text: string) => ({ name: 'debian.sources', text });
const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg';

it.each([
  {
    why: 'finds a one-line mirror',
    files: [list('deb http://a.test/debian bookworm main')],
    mirrors: ['http://a.test/debian'],
  },
  {
    why: 'reads options and a slash at the end',
    files: [list('deb [arch=amd64 signed-by=/k.gpg] http://a.test/debian/ bookworm main contrib')],
    mirrors: ['http://a.test/debian /k.gpg'],
  },
  {
    why: 'skips comments, sources of source code and security',
    files: [
      list(
        '# deb http://x.test/debian bookworm main\ndeb-src http://y.test/debian bookworm main\ndeb http://s.test/debian-security bookworm-security main',
      ),
    ],
    mirrors: [],
  },
  {
    why: "skips other people's repositories",
    files: [list('deb https://p.test/apt cloud-sdk-bookworm main\ndeb https://n.test/node_20.x nodistro main')],
    mirrors: [],
  },
  {
    why: 'reads deb822 paragraphs with several places, comments within and key rings',
    files: [
      deb822(
        `Types: deb\n# http://old.test\nURIs: http://a.test/debian\n http://b.test/debian\nSuites: bookworm bookworm-updates\nComponents: main\nSigned-By: ${KEYS}\n\nTypes: deb\nURIs: http://a.test/debian-security\nSuites: bookworm-security\nComponents: main`,
      ),
    ],
    mirrors: [`http://a.test/debian ${KEYS}`, `http://b.test/debian ${KEYS}`],
  },
  {
    why: 'leaves out a key that stands in the text, and what is disabled',
    files: [
      deb822(
        'Types: deb\nURIs: http://a.test/debian\nSuites: stable\nComponents: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n\nEnabled: no\nTypes: deb\nURIs: http://b.test/debian\nSuites: stable\nComponents: main',
      ),
    ],
    mirrors: ['http://a.test/debian'],
  },
  {
    why: 'takes the mirror lists of cloud images, not a disc',
    files: [
      list('deb cdrom:[Debian] bookworm main'),
      deb822(
        'Types: deb deb-src\nURIs: mirror+file:///etc/apt/mirrors/debian.list\nSuites: bookworm\nComponents: main',
      ),
    ],
    mirrors: ['mirror+file:///etc/apt/mirrors/debian.list'],
  },
  {
    why: 'names each mirror once',
    files: [list('deb http://a.test/debian bookworm main\ndeb http://a.test/debian bookworm-updates main')],
    mirrors: ['http://a.test/debian'],
  },
])('$why', ({ files, mirrors }) => {
  const found = planMirrors(files, 'bookworm');
  expect(found.map(({ uri, signedBy }) => (signedBy === undefined ? uri : `${uri} ${signedBy}`))).toEqual(mirrors);
});
