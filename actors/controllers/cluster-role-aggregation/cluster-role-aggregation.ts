import { defineController } from '../../kernel/controller.ts';
import { type ActorDefinition, api, watch } from '../../kernel/declare.ts';
import { planAggregation } from './plan-aggregation.ts';

/** One key: a change of any role may concern each role that aggregates others. */
const KEY = 'aggregated';

/** Writes into each ClusterRole with an aggregationRule the rules of the ClusterRoles that it selects. */
export const clusterRoleAggregation: ActorDefinition = defineController({
  name: 'cluster-role-aggregation',
  hears: { roles: watch('clusterroles') },
  wakes: { roles: () => KEY },
  says: { patch: api('patch', 'clusterroles') },
  plan: (_key, { view, say }) => ({
    together: planAggregation(view.list('clusterroles')).map(({ name, rules }) => say.patch({ name }, { rules })),
  }),
});
