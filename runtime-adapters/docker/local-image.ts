import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { statusError } from '../../contracts/errors/status.ts';
import { architectureName, callEngine, type Engine, engineError } from './engine.ts';
import { type Busybox, findStaticBusybox } from './static-busybox.ts';

/** The contents of a local image, besides the machine's busybox. */
export interface LocalImage {
  readonly entrypoint: readonly string[];
  readonly cmd?: readonly string[];
  readonly env?: readonly string[];
  /** Such as `8080/tcp`. */
  readonly exposedPorts?: readonly string[];
  /** Absolute path -> text; mode 0755. */
  readonly files?: Readonly<Record<string, string>>;
  /** Directories besides /bin and /tmp. */
  readonly directories?: readonly string[];
}

const LOAD_MS = 60_000;
/** The time of every file, so that the same content has the same image id wherever it is built. */
const EPOCH = new Date(0);

/**
 * Builds an image without a registry or a base image: busybox, its applets, and the given files. The same content always has
 * the same id.
 * @param tag  `name:tag`
 * @throws StatusError NotFound (no static busybox on this machine), ServiceUnavailable (no engine)
 */
export async function buildLocalImage(
  engine: Engine,
  tag: string,
  image: LocalImage,
  busybox?: Busybox,
): Promise<{ readonly imageId: string }> {
  const act = `build local image ${tag}`;
  const layer = await layerOf(busybox ?? (await findStaticBusybox()), image);
  const config = Buffer.from(JSON.stringify(configOf(image, sha256(layer))));
  const imageId = sha256(config);
  const archive = await imageArchive(tag, imageId, config, layer);
  try {
    const output = await callEngine(act, LOAD_MS, async () =>
      engine.loadImage(Readable.from([archive]), { quiet: true }),
    );
    const words = (await buffer(output as Readable)).toString('utf8');
    if (words.includes('"error"')) throw statusError('InternalError', `${act}: the engine says ${words.trim()}`);
  } catch (error) {
    throw engineError(act, error);
  }
  return { imageId: `sha256:${imageId}` };
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const configOf = (image: LocalImage, layer: string): unknown => ({
  architecture: architectureName(process.arch),
  os: 'linux',
  created: EPOCH.toISOString(),
  config: {
    Env: ['PATH=/bin', ...(image.env ?? [])],
    Entrypoint: image.entrypoint,
    Cmd: image.cmd ?? null,
    WorkingDir: '/',
    ExposedPorts: Object.fromEntries((image.exposedPorts ?? []).map((port) => [port, {}])),
  },
  rootfs: { type: 'layers', diff_ids: [`sha256:${layer}`] },
  history: [{ created: EPOCH.toISOString(), created_by: 'troupe' }],
});

async function layerOf({ binary, applets }: Busybox, image: LocalImage): Promise<Buffer> {
  const tar = pack();
  const bytes = buffer(tar);
  for (const name of ['bin', 'tmp', ...(image.directories ?? [])]) {
    tar.entry({ name: `${inside(name)}/`, type: 'directory', mode: name === 'tmp' ? 0o1777 : 0o755, mtime: EPOCH });
  }
  tar.entry({ name: 'bin/busybox', mode: 0o755, mtime: EPOCH }, binary);
  for (const applet of applets) {
    tar.entry({ name: `bin/${applet}`, type: 'symlink', linkname: 'busybox', mode: 0o777, mtime: EPOCH });
  }
  for (const [path, text] of Object.entries(image.files ?? {})) {
    tar.entry({ name: inside(path), mode: 0o755, mtime: EPOCH }, text);
  }
  tar.finalize();
  return bytes;
}

const inside = (path: string): string => path.replace(/^\/+/, '');

async function imageArchive(tag: string, imageId: string, config: Buffer, layer: Buffer): Promise<Buffer> {
  const tar = pack();
  const bytes = buffer(tar);
  tar.entry({ name: `${imageId}.json` }, config);
  tar.entry({ name: 'layer.tar' }, layer);
  const manifest = [{ Config: `${imageId}.json`, RepoTags: [tag], Layers: ['layer.tar'] }];
  tar.entry({ name: 'manifest.json' }, JSON.stringify(manifest));
  tar.finalize();
  return bytes;
}
