import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../boot/home/project-root.ts';
import { planKinds } from './plan-kinds.ts';
import { readModels } from './read-models.ts';

/** The models of our kinds; the models that they refer to are included. */
const ROOTS = [
  'V1Namespace',
  'V1Node',
  'V1Pod',
  'V1ReplicaSet',
  'V1Deployment',
  'V1ConfigMap',
  'V1Secret',
  'V1ServiceAccount',
  'CoreV1Event',
  'EventsV1Event',
  'V1Role',
  'V1ClusterRole',
  'V1RoleBinding',
  'V1ClusterRoleBinding',
  'V1SelfSubjectAccessReview',
  'V1SelfSubjectRulesReview',
  'V1SubjectAccessReview',
  'V1LocalSubjectAccessReview',
  'V1SelfSubjectReview',
  'V1Scale',
  'V1Binding',
  'V1CustomResourceDefinition',
];

/** The folder and the contents of the generated files. */
export async function generateKinds(): Promise<{
  readonly folder: string;
  readonly files: Readonly<Record<string, string>>;
}> {
  return {
    folder: join(projectRoot, 'contracts/kinds/generated'),
    files: planKinds(await readModels(ROOTS)),
  };
}

if (import.meta.filename === realpathSync(process.argv[1] ?? '.')) {
  const { folder, files } = await generateKinds();
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}
