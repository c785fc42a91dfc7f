import { sameValue } from '../../json-values.ts';
import { defineKind, type ScaleFields } from '../kind.ts';
import type { Deployment, DeploymentSpec, DeploymentStrategy } from '../kinds.ts';
import { AGE, column, NAME } from '../meta/columns.ts';
import { firstGeneration, keepStatus, nextGeneration } from '../meta/system-fields.ts';
import { dnsSubdomain } from '../name-formats.ts';
import { POD_SPEC_DEFAULTS } from '../pod-template/defaults.ts';
import { POD_SPEC_MERGE_KEYS } from '../pod-template/merge-keys.ts';
import { POD_SPEC_RULES } from '../pod-template/rules.ts';
import { checkSelectorKept, checkTemplateCost, checkWorkload, templateColumns } from '../pod-template/workload.ts';
import { WORKLOAD_SCALE } from '../scale.ts';
import type { Findings } from '../validation-findings.ts';
import { checkRolling } from './check-rolling.ts';

const checkTemplate = checkWorkload('Deployment');

function checkSpec(spec: DeploymentSpec, findings: Findings): void {
  checkTemplate(spec, findings);
  const { progressDeadlineSeconds: deadline, minReadySeconds = 0 } = spec;
  if (deadline !== undefined && deadline <= minReadySeconds) {
    findings.invalid('progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds');
  }
}

export const deploymentKind = defineKind<Deployment>({
  resource: 'deployments',
  singular: 'deployment',
  kind: 'Deployment',
  shortNames: ['deploy'],
  categories: ['all'],
  namespaced: true,
  subresources: ['status', 'scale'],
  scale: WORKLOAD_SCALE as ScaleFields<Deployment>,
  apiVersion: 'apps/v1',
  columns: [
    NAME,
    column('READY', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 1}`),
    column('UP-TO-DATE', ({ status }) => String(status?.updatedReplicas ?? 0)),
    column('AVAILABLE', ({ status }) => String(status?.availableReplicas ?? 0)),
    AGE,
    ...templateColumns<Deployment>(),
  ],
  defaults: {
    ...POD_SPEC_DEFAULTS,
    DeploymentSpec: { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600, strategy: {} },
    DeploymentStrategy: {
      type: 'RollingUpdate',
      rollingUpdate: ({ type }: DeploymentStrategy) => (type === 'RollingUpdate' ? {} : undefined),
    },
    RollingUpdateDeployment: { maxSurge: '25%', maxUnavailable: '25%' },
  },
  rules: {
    ...POD_SPEC_RULES,
    Deployment: { fields: { spec: { required: true } } },
    DeploymentSpec: {
      fields: {
        replicas: { min: 0 },
        minReadySeconds: { min: 0 },
        revisionHistoryLimit: { min: 0 },
        progressDeadlineSeconds: { min: 0 },
      },
      check: checkSpec,
    },
    DeploymentStrategy: { fields: { type: { oneOf: ['Recreate', 'RollingUpdate'] } }, check: checkRolling },
  },
  mergeKeys: { ...POD_SPEC_MERGE_KEYS, DeploymentSpec: { strategy: { retainKeys: true } } },
  nameFormat: dnsSubdomain,
  prepareForCreate: (deployment) => {
    firstGeneration(deployment);
    delete deployment.status;
  },
  prepareForUpdate: (deployment, old) => {
    keepStatus(deployment, old);
    nextGeneration(deployment, old, !sameValue(deployment.metadata?.annotations, old.metadata?.annotations));
  },
  checkCreate: (object, findings) => checkTemplateCost(object, undefined, findings),
  checkUpdate: (object, old, findings) => {
    checkSelectorKept(object, old, findings);
    checkTemplateCost(object, old, findings);
  },
});
