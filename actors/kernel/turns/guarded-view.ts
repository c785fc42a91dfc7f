import type { View } from '../contract.ts';

/**
 * A view that calls `check` before every use: outside a turn it would show a different revision than the recorded one.
 * @param window oldest revision from which `since` answers, even if the cache retains more
 */
export function guardedView(view: View, check: () => void, window: () => number): View {
  return {
    get revision() {
      check();
      return view.revision;
    },
    get: (resource, namespace, name) => {
      check();
      return view.get(resource, namespace, name);
    },
    list: (resource, namespace) => {
      check();
      return view.list(resource, namespace);
    },
    resources: () => {
      check();
      return view.resources();
    },
    revisionOf: (key) => {
      check();
      return view.revisionOf(key);
    },
    since: (revision) => {
      check();
      return revision < window() ? undefined : view.since(revision);
    },
  };
}
