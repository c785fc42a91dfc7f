import { StatusError } from '../../../contracts/errors/status.ts';
import type { SecretName } from '../../../contracts/runtime/references.ts';
import { runtimeError } from '../../../contracts/runtime/errors.ts';
import type {
  FileSource,
  Files,
  PodVolumesConfig,
  ResolvedFile,
  ResolvedPodVolumes,
  TokenFile,
  VolumeConfig,
} from '../../../contracts/runtime/volumes.ts';
import { type SecretData, secretKey } from '../secret-data.ts';

/** A token as the api-server issued it. Times in milliseconds since the Unix epoch. */
export interface IssuedToken {
  readonly token: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** The part of its life after which a token is renewed, and the longest time; as Kubernetes' kubelet does. */
const RENEW_AT = 0.8;
const RENEW_MS_MAX = 24 * 3_600_000;

const sourcesOf = ({ volumes }: PodVolumesConfig): readonly FileSource[] =>
  volumes.flatMap(({ files }) => files?.sources ?? []);

/** The Secrets whose values become files, each once. Pure. */
export function secretsOfVolumes(config: PodVolumesConfig): readonly SecretName[] {
  const found = new Map<string, SecretName>();
  for (const source of sourcesOf(config)) if ('secret' in source) found.set(secretKey(source.secret), source.secret);
  return [...found.values()];
}

/**
 * Fills in the values of Secrets and tokens. Of two files of the same path in a volume, the later counts. Pure.
 * @param secrets  by `secretKey`
 * @returns the volumes that can be made; `failure` (Invalid, cause FailedMount) when a required Secret or key is missing
 */
export function resolveVolumes(
  config: PodVolumesConfig,
  secrets: ReadonlyMap<string, SecretData>,
  tokens: ReadonlyMap<TokenFile, IssuedToken>,
): { readonly resolved: ResolvedPodVolumes; readonly failure?: StatusError } {
  const volumes: VolumeConfig<ResolvedFile>[] = [];
  let failure: StatusError | undefined;
  for (const { files, ...volume } of config.volumes) {
    try {
      volumes.push(
        files === undefined ? volume : { ...volume, files: { ...files, sources: filled(volume.name, files) } },
      );
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      failure ??= error;
    }
  }
  const renewals = [...tokens.values()].map(renewAt);
  const resolved: ResolvedPodVolumes = {
    ...config,
    ...(failure === undefined ? {} : { version: '' }),
    volumes,
    ...(renewals.length === 0 ? {} : { refreshAt: Math.min(...renewals) }),
  };
  return failure === undefined ? { resolved } : { resolved, failure };

  function filled(volume: string, { sources }: Files<FileSource>): readonly ResolvedFile[] {
    const byPath = new Map<string, ResolvedFile>();
    for (const source of sources) {
      for (const file of filesOf(volume, source, secrets, tokens)) byPath.set(file.path, file);
    }
    return [...byPath.values()];
  }
}

const renewAt = ({ issuedAt, expiresAt }: IssuedToken): number =>
  issuedAt + Math.min(RENEW_MS_MAX, Math.floor((expiresAt - issuedAt) * RENEW_AT));

const failed = (volume: string, words: string) =>
  runtimeError('Invalid', 'FailedMount', `MountVolume.SetUp failed for volume "${volume}" : ${words}`);

function filesOf(
  volume: string,
  source: FileSource,
  secrets: ReadonlyMap<string, SecretData>,
  tokens: ReadonlyMap<TokenFile, IssuedToken>,
): readonly ResolvedFile[] {
  if ('secret' in source) return secretFiles(volume, source, secrets.get(secretKey(source.secret)));
  if (!('token' in source)) return [source];
  const { path, mode, ownerUid } = source.token;
  const text = tokens.get(source.token)?.token;
  if (text === undefined) throw failed(volume, `no token of the ServiceAccount ${source.token.serviceAccount}`);
  return [{ path, text, ...(mode === undefined ? {} : { mode }), ...(ownerUid === undefined ? {} : { ownerUid }) }];
}

function secretFiles(
  volume: string,
  { secret, items }: Extract<FileSource, { secret: SecretName }>,
  data: SecretData,
): readonly ResolvedFile[] {
  if (data === undefined) {
    if (secret.optional === true) return [];
    throw failed(volume, `secret "${secret.name}" not found`);
  }
  if (items === undefined) return Object.entries(data).map(([path, base64]) => ({ path, base64 }));
  return items.flatMap(({ key, path, mode }) => {
    const base64 = Object.hasOwn(data, key) ? data[key] : undefined;
    if (base64 !== undefined) return [{ path, base64, ...(mode === undefined ? {} : { mode }) }];
    if (secret.optional === true) return [];
    throw failed(volume, `references non-existent secret key: ${key}`);
  });
}
