import type { KubeObject } from '../../../contracts/kinds/kinds.ts';

const namespace = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

/** Objects that every cluster has. Each master creates them in this order when it starts, and ignores AlreadyExists. */
export const bootstrapObjects = (): readonly KubeObject[] => [namespace('default'), namespace('kube-system')];
