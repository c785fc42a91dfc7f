import type { PodRef, SecretName } from '../../../contracts/runtime/references.ts';
import {
  type EmptyDir,
  type FileSource,
  type Files,
  HOST_PATH_TYPES,
  type HostPath,
  type KeyFile,
  type PodVolumesConfig,
  type TokenFile,
  type VolumeConfig,
  type VolumeMountConfig,
} from '../../../contracts/runtime/volumes.ts';
import {
  fields,
  filledText,
  flag,
  list,
  oneOf,
  optional,
  type Parse,
  refuse,
  text,
  wholeNumber,
} from '../parse-fields.ts';

const MODE_MAX = 0o777;
/** The largest id of a user or group. */
const ID_MAX = 2 ** 31 - 1;

/** A name that becomes a folder or file of the node: it must not lead elsewhere. */
export const folderName: Parse<string> = (value, path) => {
  const name = filledText(value, path);
  return name.includes('/') || name.includes('\0') || name === '.' || name === '..'
    ? refuse(path, 'a name without "/"', value)
    : name;
};

/** A relative path without `..`. */
const innerPath: Parse<string> = (value, path) => {
  const found = filledText(value, path);
  const parts = found.split('/');
  const isInner = !found.startsWith('/') && !found.includes('\0') && !parts.includes('..') && !found.startsWith('..');
  return isInner ? found : refuse(path, 'a relative path without ".."', value);
};

const mode = optional(wholeNumber(0, MODE_MAX));

export const pod = fields<PodRef>({ uid: folderName, namespace: filledText, name: filledText });
export const SECRET = { namespace: filledText, name: filledText, optional: optional(flag) };
export const secretName = fields<SecretName>(SECRET);

const token = fields<TokenFile>({
  namespace: filledText,
  serviceAccount: filledText,
  path: innerPath,
  audience: optional(text),
  expirationSeconds: wholeNumber(1),
  mode,
  ownerUid: optional(wholeNumber(0, ID_MAX)),
});
const item = fields<KeyFile>({ key: filledText, path: innerPath, mode });

const source: Parse<FileSource> = (value, path) => {
  const has = (name: string): boolean => typeof value === 'object' && value !== null && Object.hasOwn(value, name);
  if (has('secret')) {
    return fields<Extract<FileSource, { secret: SecretName }>>({ secret: secretName, items: optional(list(item)) })(
      value,
      path,
    );
  }
  if (has('token')) return fields<Extract<FileSource, { token: TokenFile }>>({ token })(value, path);
  return has('base64')
    ? fields<Extract<FileSource, { base64: string }>>({ path: innerPath, mode, base64: text })(value, path)
    : fields<Extract<FileSource, { text: string }>>({ path: innerPath, mode, text })(value, path);
};

const volume = fields<VolumeConfig>({
  name: folderName,
  emptyDir: optional(fields<EmptyDir>({ memory: optional(flag), sizeLimitBytes: optional(wholeNumber(0)) })),
  hostPath: optional(fields<HostPath>({ path: filledText, type: oneOf(...HOST_PATH_TYPES) })),
  files: optional(
    fields<Files<FileSource>>({
      plugin: folderName,
      sources: list(source),
      defaultMode: wholeNumber(0, MODE_MAX),
      memory: flag,
    }),
  ),
});

/** Reads the body of `setUpVolumes`. @throws StatusError BadRequest */
export const podVolumes = fields<PodVolumesConfig>({
  pod,
  version: text,
  volumes: list(volume),
  fsGroup: optional(wholeNumber(0, ID_MAX)),
});

export const mount = fields<VolumeMountConfig>({
  volume: folderName,
  mountPath: filledText,
  readOnly: optional(flag),
  recursiveReadOnly: optional(flag),
  subPath: optional(text),
  subPathExpr: optional(text),
  propagation: optional(oneOf('HostToContainer', 'Bidirectional')),
});
