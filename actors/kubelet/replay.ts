import { configChecks, objectFields, stringFields } from '../kernel/replay-config.ts';
import type { ReplayKnowledge } from '../kernel/replay-knowledge.ts';

/** What the replay tools know about kubelets. */
export const kubeletReplay: ReplayKnowledge = {
  checkConfig: configChecks(stringFields('node', 'ip', 'version'), objectFields('capacity', 'labels')),
};
