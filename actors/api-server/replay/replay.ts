import { isPlain } from '../../../contracts/json-values.ts';
import { INBOX_ROOT } from '../../../contracts/subjects/inbox.ts';
import {
  type ConfigCheck,
  configChecks,
  numberFields,
  objectFields,
  stringFields,
} from '../../kernel/replay-config.ts';
import type { ReplayKnowledge } from '../../kernel/replay-knowledge.ts';
import { putBodies } from './put-bodies.ts';
import { storeBodies } from './store-bodies.ts';
import { watchBodies } from './watch-bodies.ts';
import { revisionIn } from './written-revision.ts';

const limits: ConfigCheck = (config) => {
  const finding = isPlain(config['limits']) ? numberFields(config['limits']) : undefined;
  return finding === undefined ? undefined : `limits.${finding}`;
};

const WRITES: ReadonlySet<string> = new Set(['store.put', 'store.purge']);

/** What the replay tools know about api-servers: most of what they say is what the store held. */
export const apiServerReplay: ReplayKnowledge = {
  checkConfig: configChecks(stringFields('instance'), objectFields('limits'), limits),
  nouns: { reply: 'answer' },
  storeWrites: { isWrite: ({ subject }) => WRITES.has(subject), revisionIn },
  bodiesOf: (turn, said) => {
    const { kind, subject } = said;
    if (kind === 'port') return putBodies(turn, turn.turn.said.indexOf(said));
    if (kind === 'reply') return storeBodies(turn, subject);
    return subject.startsWith(`${INBOX_ROOT}.`) ? watchBodies(turn, subject) : [];
  },
};
