// The actors of a service: one of its own, and one of Troupe's. The same module is what `troupe user add --actors`
// prints permissions from, what the service hosts, and what `troupe replay --actors` plays recordings with.
import { api, defineController, scheduler, watch } from 'troupe';

/** Gives the pods of a namespace the label `team` that the namespace has. */
const teamLabels = defineController({
  name: 'team-labels',
  hears: { namespaces: watch('namespaces'), pods: watch('pods') },
  wakes: {
    namespaces: (namespace) => namespace.metadata.name,
    pods: (pod) => pod.metadata.namespace,
  },
  says: { label: api('patch', 'pods') },
  plan: (name, { view, say }) => {
    const team = view.get('namespaces', undefined, name)?.metadata.labels?.team;
    if (team === undefined) return {};
    const others = view.list('pods', name).filter(({ metadata }) => metadata.labels?.team !== team);
    return {
      together: others.map(({ metadata }) =>
        say.label({ namespace: name, name: metadata.name }, { metadata: { labels: { team } } }),
      ),
    };
  },
});

export const actors = [teamLabels, scheduler];
