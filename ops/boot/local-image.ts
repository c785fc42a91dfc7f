import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import { Readable } from 'node:stream';
import type Dockerode from 'dockerode';
import tar from 'tar-stream';

/* An image made from what the machine has: for machines from which no registry can be reached. */

/** What a shell script of a sample or test is made of. */
const PROGRAMS = [
  'sh',
  'cat',
  'date',
  'echo',
  'env',
  'false',
  'hostname',
  'kill',
  'ls',
  'mkdir',
  'rm',
  'sleep',
  'true',
];
const BUSYBOX_ONLY = [
  'httpd',
  'nc',
  'touch',
  'wget',
  'grep',
  'sed',
  'id',
  'pwd',
  'tail',
  'head',
  'seq',
  'test',
  'nslookup',
];
const PLACES = ['/bin', '/usr/bin', '/sbin', '/usr/sbin'];

type Entry =
  | { readonly type: 'directory'; readonly name: string }
  | { readonly type: 'symlink'; readonly name: string; readonly to: string }
  | { readonly type: 'file'; readonly name: string; readonly content: Uint8Array; readonly mode: number };

const onMachine = (program: string): string | undefined =>
  PLACES.map((place) => posix.join(place, program)).find((path) => existsSync(path));

/** Shared libraries and the loader of a program; empty for a static one. */
function librariesOf(program: string): readonly string[] {
  try {
    const said = execFileSync('ldd', [program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return [...said.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map((match) => match[1] ?? '');
  } catch {
    return [];
  }
}

const copyOf = (path: string, name: string): Entry => ({
  type: 'file',
  name,
  content: readFileSync(realpathSync(path)),
  mode: 0o755,
});

/** One static busybox with a link for each program, where the machine has one. */
function busyboxEntries(): readonly Entry[] | undefined {
  const busybox = onMachine('busybox');
  if (busybox === undefined || librariesOf(busybox).length > 0) return undefined;
  const links = [...PROGRAMS, ...BUSYBOX_ONLY].map(
    (name): Entry => ({
      type: 'symlink',
      name: `bin/${name}`,
      to: 'busybox',
    }),
  );
  return [copyOf(busybox, 'bin/busybox'), ...links];
}

/** The machine's own shell and core programs with the libraries that they load. */
function machineEntries(): readonly Entry[] {
  const files = new Map<string, Entry>();
  for (const program of PROGRAMS) {
    const path = onMachine(program);
    if (path === undefined) continue;
    files.set(program, copyOf(path, `bin/${program}`));
    for (const library of librariesOf(path)) files.set(library, copyOf(library, library.slice(1)));
  }
  return [...files.values()];
}

function folderEntries(entries: readonly Entry[]): readonly Entry[] {
  const folders = new Set(['etc', 'tmp', 'proc', 'sys', 'dev', 'var', 'root', 'usr', 'usr/bin', 'bin']);
  for (const { name } of entries) {
    for (let folder = dirname(name); folder !== '.'; folder = dirname(folder)) folders.add(folder);
  }
  return [...folders].sort().map((name) => ({ type: 'directory', name }));
}

function rootEntries(): readonly Entry[] {
  const etc = (name: string, text: string): Entry => ({
    type: 'file',
    name: `etc/${name}`,
    content: new TextEncoder().encode(text),
    mode: 0o644,
  });
  const programs = busyboxEntries() ?? machineEntries();
  const files = [...programs, etc('passwd', 'root:x:0:0:root:/root:/bin/sh\n'), etc('group', 'root:x:0:\n')];
  return [...folderEntries(files), ...files];
}

/** The root file system of a small image: a shell and its programs, as a tar stream. */
function rootFileSystem(extra: Readonly<Record<string, string>> = {}): NodeJS.ReadableStream {
  const pack = tar.pack();
  const mtime = new Date(0);
  for (const entry of rootEntries()) {
    if (entry.type === 'directory') pack.entry({ name: entry.name, type: 'directory', mode: 0o755, mtime });
    else if (entry.type === 'symlink') pack.entry({ name: entry.name, type: 'symlink', linkname: entry.to, mtime });
    else pack.entry({ name: entry.name, mode: entry.mode, mtime }, Buffer.from(entry.content));
  }
  for (const [path, text] of Object.entries(extra))
    pack.entry({ name: path.replace(/^\//, ''), mode: 0o644, mtime }, text);
  pack.finalize();
  return Readable.from(pack);
}

export async function hasImage(docker: Dockerode, image: string): Promise<boolean> {
  try {
    await docker.getImage(image).inspect();
    return true;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return false;
    throw error;
  }
}

/** Waits for the end of an image operation's progress stream; rejects with the engine's own words. */
export const finished = (
  docker: Dockerode,
  progress: NodeJS.ReadableStream,
  told?: (event: { readonly status?: string; readonly progress?: string; readonly id?: string }) => void,
): Promise<void> =>
  new Promise((resolve, reject) => {
    docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()), told);
  });

/**
 * Makes an image from the machine's busybox, or from its shell and libraries, unless the engine already has it.
 * @param image `name:tag`
 * @param files further text files: path in the image -> content
 */
export async function makeLocalImage(
  docker: Dockerode,
  image: string,
  files: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (await hasImage(docker, image)) return;
  const [repo, tag] = [image.slice(0, image.lastIndexOf(':')), image.slice(image.lastIndexOf(':') + 1)];
  await finished(docker, await docker.importImage(rootFileSystem(files), { repo, tag }));
}
