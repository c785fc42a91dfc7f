import type { PodRef } from '../../../contracts/runtime/config.ts';
import type { ReportNote } from '../../kernel/contract.ts';

/** What goes wrong with a pod is recorded by its uid; people know it by its name. */
export const aboutPod = (pod: Pick<PodRef, 'namespace' | 'name'> | undefined): ReportNote =>
  pod === undefined ? {} : { about: `pod ${pod.namespace}/${pod.name}` };
