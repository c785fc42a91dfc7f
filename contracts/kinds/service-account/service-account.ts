import { defineKind } from '../kind.ts';
import type { ServiceAccount } from '../kinds.ts';
import { AGE, column, NAME } from '../meta/columns.ts';
import { dnsSubdomain } from '../name-formats.ts';

export const serviceAccountKind = defineKind<ServiceAccount>({
  resource: 'serviceaccounts',
  singular: 'serviceaccount',
  kind: 'ServiceAccount',
  shortNames: ['sa'],
  namespaced: true,
  apiVersion: 'v1',
  columns: [NAME, column('SECRETS', ({ secrets = [] }) => String(secrets.length)), AGE],
  mergeKeys: { ServiceAccount: { secrets: { by: ['name'] } } },
  nameFormat: dnsSubdomain,
});
