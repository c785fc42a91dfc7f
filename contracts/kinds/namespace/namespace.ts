import { defineKind } from '../kind.ts';
import type { Namespace } from '../kinds.ts';
import { checkFinalizerNames, FINALIZER } from '../meta/check-meta.ts';
import { AGE, column, NAME } from '../meta/columns.ts';
import { keepStatus } from '../meta/system-fields.ts';
import { dnsLabel, qualifiedName } from '../name-formats.ts';

/** Label with a namespace's name, for selectors. */
const NAME_LABEL = 'kubernetes.io/metadata.name';

/** Sets the label to the namespace's name, on every write. */
function labelWithName(namespace: Namespace): void {
  const name = namespace.metadata?.name;
  if (!name) return;
  namespace.metadata = { ...namespace.metadata, labels: { ...namespace.metadata?.labels, [NAME_LABEL]: name } };
}

export const namespaceKind = defineKind<Namespace>({
  resource: 'namespaces',
  singular: 'namespace',
  kind: 'Namespace',
  shortNames: ['ns'],
  namespaced: false,
  subresources: ['status'],
  apiVersion: 'v1',
  selectableFields: { 'status.phase': ({ status }) => status?.phase ?? '' },
  columns: [NAME, column('STATUS', ({ status }) => status?.phase ?? ''), AGE],
  defaults: { Namespace: { '': labelWithName, spec: {} } },
  rules: { NamespaceSpec: { fields: { finalizers: { format: qualifiedName } } } },
  nameFormat: dnsLabel,
  prepareForCreate: (namespace) => {
    namespace.status = { phase: 'Active' };
    const finalizers = namespace.spec?.finalizers ?? [];
    const { namespace: ours } = FINALIZER;
    namespace.spec = { finalizers: finalizers.includes(ours) ? finalizers : [...finalizers, ours] };
  },
  checkCreate: ({ spec }, findings) => checkFinalizerNames('spec.finalizers', spec?.finalizers ?? [], findings),
  prepareForUpdate: (namespace, old) => {
    keepStatus(namespace, old);
    if (old.spec !== undefined) namespace.spec = old.spec; // finalizers can be changed through a subresource only
  },
});
