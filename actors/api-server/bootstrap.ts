import type { KubeObject } from '../../contracts/kinds/kinds.ts';

const namespace = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

/** What every cluster has from the start; whoever boots it creates them, in this order, and does not mind AlreadyExists. */
export const bootstrapObjects = (): readonly KubeObject[] => [namespace('default'), namespace('kube-system')];
