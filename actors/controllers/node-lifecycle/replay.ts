import { configChecks, numberFields } from '../../kernel/replay-config.ts';
import type { ReplayKnowledge } from '../../kernel/replay-knowledge.ts';

/** What the replay tools know about the node lifecycle controller. */
export const nodeLifecycleReplay: ReplayKnowledge = { checkConfig: configChecks(numberFields) };
