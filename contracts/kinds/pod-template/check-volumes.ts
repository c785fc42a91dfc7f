import type {
  EmptyDirVolumeSource,
  HostPathVolumeSource,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  VolumeMount,
} from '../kinds.ts';
import type { Findings } from '../validation-findings.ts';

/** Pure. */
export function checkMountPath({ subPath = '', subPathExpr = '' }: VolumeMount, findings: Findings): void {
  if (subPath === '' || subPathExpr === '') return;
  findings.invalid('subPathExpr', subPathExpr, 'subPathExpr and subPath are mutually exclusive');
}

/** Pure. */
export function checkEmptyDir({ sizeLimit = '' }: EmptyDirVolumeSource, findings: Findings): void {
  if (/^-.*[1-9]/.test(String(sizeLimit)))
    findings.forbidden('sizeLimit', 'SizeLimit field must be a valid resource quantity');
}

/** Pure. */
export function checkHostPath({ path = '' }: Partial<HostPathVolumeSource>, findings: Findings): void {
  if (path.split('/').includes('..')) findings.invalid('path', path, "must not contain '..'");
}

const TOKEN_SECONDS_MIN = 600;
const TOKEN_SECONDS_MAX = 2 ** 32;

/** Pure. */
export function checkToken(
  { expirationSeconds = TOKEN_SECONDS_MIN }: ServiceAccountTokenProjection,
  findings: Findings,
): void {
  if (expirationSeconds < TOKEN_SECONDS_MIN) {
    findings.invalid('expirationSeconds', expirationSeconds, 'may not specify a duration less than 10 minutes');
  }
  if (expirationSeconds > TOKEN_SECONDS_MAX) {
    findings.invalid('expirationSeconds', expirationSeconds, 'may not specify a duration larger than 2^32 seconds');
  }
}

/** Two sources of a projected volume must not have the same file. Pure. */
export function checkProjected({ sources = [] }: ProjectedVolumeSource, findings: Findings): void {
  const seen = new Set<string>();
  sources.forEach(({ configMap, secret, downwardAPI, serviceAccountToken }, at) => {
    const paths = [
      ...[configMap, secret, downwardAPI].flatMap((source) => (source?.items ?? []).map(({ path }) => path)),
      ...(serviceAccountToken === undefined ? [] : [serviceAccountToken.path]),
    ];
    for (const path of paths) {
      if (seen.has(path)) findings.invalid(`sources[${at}]`, path, 'conflicting duplicate paths');
      seen.add(path);
    }
  });
}
