import type { NodeCondition } from '../../../contracts/kinds/kinds.ts';

export const PRESSURES = ['MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;
export type Pressure = (typeof PRESSURES)[number];

type Words = readonly [reason: string, message: string];
const WORDS: Readonly<Record<Pressure, { readonly no: Words; readonly yes: Words }>> = {
  MemoryPressure: {
    no: ['KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
    yes: ['KubeletHasInsufficientMemory', 'kubelet has insufficient memory available'],
  },
  DiskPressure: {
    no: ['KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
    yes: ['KubeletHasDiskPressure', 'kubelet has disk pressure'],
  },
  PIDPressure: {
    no: ['KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
    yes: ['KubeletHasInsufficientPID', 'kubelet has insufficient PID available'],
  },
};
/** Reasons of the Node's events. */
export const pressureReason = (pressure: Pressure, has: boolean): string =>
  WORDS[pressure][has ? 'yes' : 'no'][0].replace('Kubelet', 'Node');

/** The pressure conditions of a Node, in Kubernetes' words. Pure. */
export const pressureConditions = (pressures: readonly Pressure[]): readonly NodeCondition[] =>
  PRESSURES.map((type) => {
    const has = pressures.includes(type);
    const [reason, message] = WORDS[type][has ? 'yes' : 'no'];
    return { type, status: has ? 'True' : 'False', reason, message };
  });
