import type { Container, PodSpec } from '../kinds.ts';
import { bad, type Check, containersOf, named, quotedList } from './check.ts';

const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
  'image',
];

const volumeTypes: Check = (spec) => {
  const kindOf = (volume: object): string => Object.keys(volume).find((field) => field !== 'name') ?? '';
  const found = (spec.volumes ?? []).filter((volume) => !VOLUMES.includes(kindOf(volume)));
  if (found.length === 0) return undefined;
  const kinds = [...new Set(found.map(kindOf))].toSorted();
  const volumes = `volume${found.length > 1 ? 's' : ''} ${quotedList(found.map(({ name }) => name))}`;
  return bad(
    'restricted volume types',
    `${volumes} use${found.length > 1 ? '' : 's'} restricted volume type${kinds.length > 1 ? 's' : ''} ${quotedList(kinds)}`,
  );
};

const privilegeEscalation: Check = (spec) => {
  const found = containersOf(spec).filter(({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
  if (found.length === 0) return undefined;
  return bad(
    'allowPrivilegeEscalation != false',
    `${named(found)} must set securityContext.allowPrivilegeEscalation=false`,
  );
};

const capabilities: Check = (spec) => {
  const keeps = ({ securityContext }: Container): boolean =>
    securityContext?.capabilities?.drop?.includes('ALL') !== true;
  const adds = ({ securityContext }: Container): boolean =>
    (securityContext?.capabilities?.add ?? []).some((name) => name !== 'NET_BIND_SERVICE');
  const [keeping, adding] = [containersOf(spec).filter(keeps), containersOf(spec).filter(adds)];
  const details = [
    ...(keeping.length === 0 ? [] : [`${named(keeping)} must set securityContext.capabilities.drop=["ALL"]`]),
    ...(adding.length === 0 ? [] : [`${named(adding)} must not add capabilities other than "NET_BIND_SERVICE"`]),
  ];
  return details.length === 0 ? undefined : bad('unrestricted capabilities', details.join('; '));
};

/** Of what a container or else its pod must set: who breaks it. */
function unset(
  spec: PodSpec,
  isGood: (context: NonNullable<Container['securityContext']>) => boolean | undefined,
): readonly Container[] {
  const ofPod = spec.securityContext === undefined ? undefined : isGood(spec.securityContext);
  return containersOf(spec).filter(({ securityContext }) => {
    const own = securityContext === undefined ? undefined : isGood(securityContext);
    return (own ?? ofPod) !== true;
  });
}

const runAsNonRoot: Check = (spec) => {
  const found = unset(spec, ({ runAsNonRoot: value }) => value);
  return found.length === 0
    ? undefined
    : bad('runAsNonRoot != true', `pod or ${named(found)} must set securityContext.runAsNonRoot=true`);
};

const runAsUser: Check = (spec) => {
  const found = containersOf(spec).filter(({ securityContext }) => securityContext?.runAsUser === 0);
  const where = [
    ...(spec.securityContext?.runAsUser === 0 ? ['pod'] : []),
    ...(found.length === 0 ? [] : [named(found)]),
  ];
  return where.length === 0 ? undefined : bad('runAsUser=0', `${where.join(' and ')} must not set runAsUser=0`);
};

const seccomp: Check = (spec) => {
  const found = unset(spec, ({ seccompProfile }) =>
    seccompProfile === undefined
      ? undefined
      : seccompProfile.type === 'RuntimeDefault' || seccompProfile.type === 'Localhost',
  );
  if (found.length === 0) return undefined;
  return bad(
    'seccompProfile',
    `pod or ${named(found)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  );
};

/** What a hardened workload keeps besides `BASELINE`. @see kubernetes pod-security-admission/policy */
export const RESTRICTED: readonly Check[] = [
  privilegeEscalation,
  capabilities,
  volumeTypes,
  runAsNonRoot,
  runAsUser,
  seccomp,
];
