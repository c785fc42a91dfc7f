import { sameValue } from '../../json-values.ts';
import type { DefaultTable } from '../defaults.ts';
import type { KindSource } from '../kind.ts';
import type { ClusterRoleBinding, RbacSubject, RoleBinding } from '../kinds.ts';
import { AGE, column, NAME, wide } from '../meta/columns.ts';
import { dnsSubdomain, pathSegment } from '../name-formats.ts';
import type { Findings } from '../validation-findings.ts';
import { RBAC_GROUP } from './rbac-group.ts';

type Binding = RoleBinding | ClusterRoleBinding;

const defaultSubject = (subject: RbacSubject): void => {
  if (!subject.apiGroup && (subject.kind === 'User' || subject.kind === 'Group')) subject.apiGroup = RBAC_GROUP;
};

const defaults: DefaultTable = { RoleRef: { apiGroup: RBAC_GROUP }, RbacSubject: { '': defaultSubject } };

function checkSubject(subject: RbacSubject, namespaced: boolean, findings: Findings): void {
  const { kind, name, apiGroup = '', namespace = '' } = subject;
  if (name === '') findings.required('name');
  if (kind === 'ServiceAccount') {
    if (name !== '') for (const detail of dnsSubdomain(name)) findings.invalid('name', name, detail);
    if (apiGroup !== '') findings.notSupported('apiGroup', apiGroup, ['']);
    if (!namespaced && namespace === '') findings.required('namespace');
  } else if (kind === 'User' || kind === 'Group') {
    if (apiGroup !== RBAC_GROUP) findings.notSupported('apiGroup', apiGroup, [RBAC_GROUP]);
  } else findings.notSupported('kind', kind, ['Group', 'ServiceAccount', 'User']);
}

function checkBinding({ roleRef, subjects = [] }: Binding, namespaced: boolean, findings: Findings): void {
  const { apiGroup, kind, name } = roleRef;
  if (apiGroup !== RBAC_GROUP) findings.notSupported('roleRef.apiGroup', apiGroup, [RBAC_GROUP]);
  const kinds = namespaced ? ['ClusterRole', 'Role'] : ['ClusterRole'];
  if (!kinds.includes(kind)) findings.notSupported('roleRef.kind', kind, kinds);
  if (name === '') findings.required('roleRef.name');
  for (const detail of pathSegment(name)) findings.invalid('roleRef.name', name, detail);
  for (const [at, subject] of subjects.entries()) {
    findings.enter('subjects');
    findings.enter(at);
    checkSubject(subject, namespaced, findings);
    findings.leave();
    findings.leave();
  }
}

const named = (kind: string) =>
  wide<Binding>(kind === 'ServiceAccount' ? 'SERVICEACCOUNTS' : `${kind.toUpperCase()}S`, ({ subjects = [] }) =>
    subjects
      .filter((subject) => subject.kind === kind)
      .map(({ name, namespace }) => (kind === 'ServiceAccount' ? `${namespace ?? ''}/${name}` : name))
      .join(', '),
  );

/** What RoleBinding and ClusterRoleBinding have in common. */
export const bindingSource = (namespaced: boolean) =>
  ({
    namespaced,
    columns: [
      NAME,
      column('ROLE', ({ roleRef }: Binding) => `${roleRef.kind}/${roleRef.name}`),
      AGE,
      named('User'),
      named('Group'),
      named('ServiceAccount'),
    ],
    defaults,
    nameFormat: pathSegment,
    checkCreate: (binding: Binding, findings: Findings) => checkBinding(binding, namespaced, findings),
    checkUpdate: (binding: Binding, old: Binding, findings: Findings) => {
      checkBinding(binding, namespaced, findings);
      // Who may update a binding could otherwise give its subjects any role.
      if (!sameValue(binding.roleRef, old.roleRef))
        findings.invalid('roleRef', binding.roleRef, 'cannot change roleRef');
    },
  }) satisfies Partial<KindSource<Binding>>;
