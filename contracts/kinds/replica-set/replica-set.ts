import { defineKind, type ScaleFields } from '../kind.ts';
import type { ReplicaSet } from '../kinds.ts';
import { AGE, column, NAME } from '../meta/columns.ts';
import { firstGeneration, keepStatus, nextGeneration } from '../meta/system-fields.ts';
import { dnsSubdomain } from '../name-formats.ts';
import { POD_SPEC_DEFAULTS } from '../pod-template/defaults.ts';
import { POD_SPEC_MERGE_KEYS } from '../pod-template/merge-keys.ts';
import { POD_SPEC_RULES } from '../pod-template/rules.ts';
import { checkSelectorKept, checkTemplateCost, checkWorkload, templateColumns } from '../pod-template/workload.ts';
import { WORKLOAD_SCALE } from '../scale.ts';

export const replicaSetKind = defineKind<ReplicaSet>({
  resource: 'replicasets',
  singular: 'replicaset',
  kind: 'ReplicaSet',
  shortNames: ['rs'],
  categories: ['all'],
  namespaced: true,
  subresources: ['status', 'scale'],
  scale: WORKLOAD_SCALE as ScaleFields<ReplicaSet>,
  apiVersion: 'apps/v1',
  selectableFields: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
  columns: [
    NAME,
    column('DESIRED', ({ spec }) => String(spec?.replicas ?? 1)),
    column('CURRENT', ({ status }) => String(status?.replicas ?? 0)),
    column('READY', ({ status }) => String(status?.readyReplicas ?? 0)),
    AGE,
    ...templateColumns<ReplicaSet>(),
  ],
  defaults: { ...POD_SPEC_DEFAULTS, ReplicaSetSpec: { replicas: 1 } },
  rules: {
    ...POD_SPEC_RULES,
    ReplicaSet: { fields: { spec: { required: true } } },
    ReplicaSetSpec: {
      fields: { replicas: { min: 0 }, minReadySeconds: { min: 0 }, template: { required: true } },
      check: checkWorkload('ReplicaSet'),
    },
  },
  mergeKeys: POD_SPEC_MERGE_KEYS,
  nameFormat: dnsSubdomain,
  prepareForCreate: (set) => {
    firstGeneration(set);
    delete set.status;
  },
  prepareForUpdate: (set, old) => {
    keepStatus(set, old);
    nextGeneration(set, old);
  },
  checkCreate: (object, findings) => checkTemplateCost(object, undefined, findings),
  checkUpdate: (object, old, findings) => {
    checkSelectorKept(object, old, findings);
    checkTemplateCost(object, old, findings);
  },
});
