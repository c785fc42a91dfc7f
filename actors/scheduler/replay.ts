import { isPlain } from '../../contracts/json-values.ts';
import type { Binding } from '../../contracts/messages/api.ts';
import type { ReplayKnowledge, SaidInReplay } from '../kernel/replay-knowledge.ts';
import { explainTurn, tableOfRanking } from './explain-placement.ts';
import { rankingOf } from './ranking.ts';

const bindingIn = ({ say, body }: SaidInReplay): Partial<Binding> | undefined =>
  say === 'bind' && isPlain(body) ? body : undefined;

/** What the replay tools know about the scheduler: its placements, and the scores that led to them. */
export const schedulerReplay: ReplayKnowledge = {
  nouns: { bind: 'placement', status: 'refusal', event: 'event' },
  mainSay: 'bind',
  placements: {
    bindingIn,
    recorded: (said) => {
      const binding = bindingIn(said);
      const ranking = rankingOf(said.why);
      return binding === undefined || ranking === undefined ? undefined : tableOfRanking(binding, ranking);
    },
    explain: explainTurn,
  },
};
