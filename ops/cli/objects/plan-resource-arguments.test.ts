import { describe, expect, it } from 'vitest';
import { findResource, parseResourceArguments, qualifiedName, type ResourceInfo } from './plan-resource-arguments.ts';

const kind = (plural: string, name: string, shortNames: string[], group = ''): ResourceInfo => ({
  resource: plural,
  plural,
  singular: name.toLowerCase(),
  kind: name,
  group,
  apiVersion: group === '' ? 'v1' : `${group}/v1`,
  shortNames,
  categories: plural === 'nodes' ? [] : ['all'],
  namespaced: plural !== 'nodes',
});
const known = [
  kind('pods', 'Pod', ['po']),
  kind('nodes', 'Node', ['no']),
  kind('deployments', 'Deployment', ['deploy'], 'apps'),
  kind('replicasets', 'ReplicaSet', ['rs'], 'apps'),
];

const read = (...args: string[]): string => {
  const parsed = parseResourceArguments(args, known);
  if ('problem' in parsed) return `! ${parsed.problem}`;
  return parsed.targets.map(({ resource, names }) => [resource.plural, ...(names ?? [])].join(' ')).join('; ');
};

describe('parseResourceArguments', () => {
  it.each([
    [['pods'], 'pods'],
    [['po'], 'pods'],
    [['Pod'], 'pods'],
    [['deploy/web'], 'deployments web'],
    [['pods', 'web-1', 'web-2', 'web-1'], 'pods web-1 web-2'],
    [['deployments.apps'], 'deployments'],
    [['deployment.v1.apps', 'web'], 'deployments web'],
    [['deployments.apps/web', 'po/a'], 'deployments web; pods a'],
    [['po/a', 'deploy/web', 'pods/b', 'po/a'], 'pods a b; deployments web'],
    [['pods,deploy'], 'pods; deployments'],
    [['pods,po'], 'pods'],
    [['all'], 'pods; deployments; replicasets'],
    [['pods.v1'], 'pods'],
  ])('%j', (args, expected) => {
    expect(read(...args)).toBe(expected);
  });
  it.each([
    [[], '! no resource was named; name one, such as pods, deployments or deploy/web'],
    [['pdos'], '! there is no kind "pdos"; did you mean "pods"?'],
    [['deploymnet'], '! there is no kind "deploymnet"; did you mean "deployment"?'],
    [['jobs'], '! there is no kind "jobs" yet; known: deployments, nodes, pods, replicasets'],
    [['Roles.rbac'], '! there is no kind "Roles.rbac" yet; known: deployments, nodes, pods, replicasets'],
    [['widgets'], '! there is no kind "widgets"; known: deployments, nodes, pods, replicasets'],
    [['deployments.batch'], '! there is no kind "deployments.batch"; known: deployments, nodes, pods, replicasets'],
    [
      ['pod/a', 'b'],
      '! "b" is not <kind>/<name>; write all arguments like pod/web-1, or the kind once: pods web-1 web-2',
    ],
    [['pod/'], '! "pod/" is not <kind>/<name>; write all arguments like pod/web-1, or the kind once: pods web-1 web-2'],
    [['pods', ''], '! a name after "pods" is empty; leave it out, or check the variable that should hold it'],
    [['pods', 'a', ''], '! a name after "pods" is empty; leave it out, or check the variable that should hold it'],
    [['pods,deploy', 'a'], '! "pods,deploy" names several kinds, so each name needs its kind: write pods/a'],
  ])('%j is refused', (args, expected) => {
    expect(read(...args)).toBe(expected);
  });
});

it.each([
  ['deploy', 'deployment.apps/web'],
  ['no', 'node/web'],
])('names of %s are qualified', (word, name) => {
  const resource = findResource(word, known);
  expect(resource && qualifiedName(resource, 'web')).toBe(name);
});
