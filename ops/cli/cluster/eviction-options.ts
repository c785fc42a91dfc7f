import type { KubeletOptions } from '../../../actors/kubelet/kubelet.ts';
import type { ImageCollectionOptions } from '../../../actors/kubelet/pressure/plan-image-collection.ts';
import { EVICTION_HARD, type EvictionOptions, parseThresholds } from '../../../contracts/eviction/thresholds.ts';
import { isQuantity } from '../../../contracts/quantity.ts';
import type { OptionSpec } from '../shared/command-spec.ts';
import { UsageError } from '../shared/errors.ts';

/** Options of a node's kubelet, in Kubernetes' names. */
export interface NodeLimits {
  readonly evictionHard?: string;
  readonly evictionSoft?: string;
  readonly evictionSoftGracePeriod?: string;
  readonly evictionMaxPodGracePeriod?: string;
  readonly kubeReserved?: string;
  readonly systemReserved?: string;
  readonly maxPods?: string;
  readonly imageGcHighThreshold?: string;
  readonly imageGcLowThreshold?: string;
}

interface Limit {
  readonly flag: string;
  readonly variable: string;
  readonly argument: string;
  readonly description: string;
}

const LIMITS: Readonly<Record<keyof NodeLimits, Limit>> = {
  evictionHard: {
    flag: '--eviction-hard',
    variable: 'TROUPE_EVICTION_HARD',
    argument: '<thresholds>',
    description: "pods are evicted at once below these; default: Kubernetes'; empty: never",
  },
  evictionSoft: {
    flag: '--eviction-soft',
    variable: 'TROUPE_EVICTION_SOFT',
    argument: '<thresholds>',
    description: 'pods are evicted when the node stays below these: memory.available<300Mi',
  },
  evictionSoftGracePeriod: {
    flag: '--eviction-soft-grace-period',
    variable: 'TROUPE_EVICTION_SOFT_GRACE_PERIOD',
    argument: '<periods>',
    description: 'how long it must stay below them: memory.available=1m30s',
  },
  evictionMaxPodGracePeriod: {
    flag: '--eviction-max-pod-grace-period',
    variable: 'TROUPE_EVICTION_MAX_POD_GRACE_PERIOD',
    argument: '<seconds>',
    description: 'most seconds that a pod then has to stop; default 0',
  },
  kubeReserved: {
    flag: '--kube-reserved',
    variable: 'TROUPE_KUBE_RESERVED',
    argument: '<resources>',
    description: 'what Troupe itself keeps of the node: cpu=100m,memory=200Mi',
  },
  systemReserved: {
    flag: '--system-reserved',
    variable: 'TROUPE_SYSTEM_RESERVED',
    argument: '<resources>',
    description: 'what the rest of the machine keeps: cpu=100m,memory=200Mi',
  },
  maxPods: {
    flag: '--max-pods',
    variable: 'TROUPE_MAX_PODS',
    argument: '<count>',
    description: 'most pods on the node; default 110',
  },
  imageGcHighThreshold: {
    flag: '--image-gc-high-threshold',
    variable: 'TROUPE_IMAGE_GC_HIGH_THRESHOLD',
    argument: '<percent>',
    description: "unused images of pods are removed when the engine's disk is so full; default 85; 100: never",
  },
  imageGcLowThreshold: {
    flag: '--image-gc-low-threshold',
    variable: 'TROUPE_IMAGE_GC_LOW_THRESHOLD',
    argument: '<percent>',
    description: 'until it is only so full; default 80',
  },
};
const NAMES = Object.keys(LIMITS) as readonly (keyof NodeLimits)[];

export const NODE_LIMITS: readonly OptionSpec[] = NAMES.map((name) => {
  const { flag, argument, description } = LIMITS[name];
  return { flags: `${flag} ${argument}`, description };
});

/** The options as environment of a process that runs `troupe worker`. */
export const limitsAsEnv = (limits: NodeLimits): Readonly<Record<string, string>> =>
  Object.fromEntries(
    NAMES.flatMap((name) => {
      const value = limits[name];
      return value === undefined ? [] : [[LIMITS[name].variable, value]];
    }),
  );

/** What the options, else the environment, say of a node. @throws UsageError */
export function nodeLimits(
  given: NodeLimits,
  env: NodeJS.ProcessEnv,
): Pick<KubeletOptions, 'eviction' | 'kubeReserved' | 'systemReserved' | 'capacity' | 'imageCollection'> {
  const { evictionHard: hard = EVICTION_HARD, ...said } = Object.fromEntries(
    NAMES.flatMap((name) => {
      const value = given[name] ?? env[LIMITS[name].variable];
      return value === undefined ? [] : [[name, value]];
    }),
  ) as NodeLimits;
  const graceSeconds = wholeNumber('evictionMaxPodGracePeriod', said);
  const pods = wholeNumber('maxPods', said);
  const eviction: EvictionOptions = {
    hard,
    ...(said.evictionSoft === undefined ? {} : { soft: said.evictionSoft }),
    ...(said.evictionSoftGracePeriod === undefined ? {} : { softGracePeriod: said.evictionSoftGracePeriod }),
    ...(graceSeconds === undefined ? {} : { maxPodGracePeriodSeconds: graceSeconds }),
  };
  try {
    parseThresholds(eviction);
  } catch (error) {
    throw new UsageError(`${LIMITS.evictionHard.flag}, ${LIMITS.evictionSoft.flag}: ${(error as Error).message}`);
  }
  return {
    eviction,
    imageCollection: imageCollection(said),
    kubeReserved: reserved('kubeReserved', said),
    systemReserved: reserved('systemReserved', said),
    ...(pods === undefined ? {} : { capacity: { pods: String(pods) } }),
  };
}

function imageCollection(said: NodeLimits): ImageCollectionOptions {
  const highPercent = wholeNumber('imageGcHighThreshold', said) ?? 85;
  const lowPercent = wholeNumber('imageGcLowThreshold', said) ?? Math.min(80, highPercent - 1);
  if (highPercent <= 100 && lowPercent < highPercent) return { highPercent, lowPercent };
  throw new UsageError(
    `--image-gc-high-threshold is ${highPercent} and --image-gc-low-threshold ${lowPercent}; the first must be at most 100, and the second less`,
  );
}

function wholeNumber(name: keyof NodeLimits, said: NodeLimits): number | undefined {
  const text = said[name];
  if (text === undefined) return undefined;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new UsageError(`${LIMITS[name].flag} is "${text}"; write a whole number`);
}

const RESERVABLE = ['cpu', 'memory', 'ephemeral-storage'];

function reserved(name: keyof NodeLimits, said: NodeLimits): Readonly<Record<string, string>> {
  const entries = (said[name] ?? '').split(',').filter((each) => each !== '');
  return Object.fromEntries(
    entries.map((entry) => {
      const [resource = '', quantity = ''] = entry.split('=');
      if (RESERVABLE.includes(resource) && isQuantity(quantity)) return [resource, quantity];
      throw new UsageError(`${LIMITS[name].flag} has "${entry}"; write cpu=100m,memory=200Mi,ephemeral-storage=1Gi`);
    }),
  );
}
