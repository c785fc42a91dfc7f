import type { View } from '../contract.ts';

/**
 * A view that calls `check` before every use: outside a turn it would show another moment than the one recorded.
 * @param window oldest revision from which it says what changed since, however much more the cache remembers
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
