import { expect, it } from 'vitest';
import { type NodeFacts, refuseNode, refuseObject } from './plan-node-restriction.ts';

const bound: Readonly<Record<string, { readonly nodeName?: string }>> = {
  mine: { nodeName: 'n1' },
  theirs: { nodeName: 'n2' },
  pending: {},
};
const facts: NodeFacts = {
  viewed: new Set(['nodes']),
  refersTo: (resource, namespace, name) => `${resource}/${namespace}/${name}` === 'secrets/d/needed',
};

it.each([
  ['get secrets d/needed', undefined],
  ['get secrets d/other', /no relationship found/],
  ['get secrets e/needed', /no relationship found/],
  ['get configmaps d/needed', /no relationship found/],
  ['list secrets d/', /may not list secrets/],
  ['watch secrets d/needed', /may not watch secrets/],
  ['patch secrets d/needed', /may not patch secrets/],
  ['patch pods/status d/mine', undefined],
  ['update pods/status d/mine', undefined],
  ['patch pods/status d/theirs', /only for pods bound to it/],
  ['patch pods/status d/pending', /only for pods bound to it/],
  ['patch pods d/mine', /may not patch pods/],
  ['create pods d/new', /may not create pods/],
  ['create pods/binding d/pending', /may not create pods\/binding/],
  ['get pods/log d/mine', /may not get pods\/log/],
  ['get pods d/mine', undefined],
  ['get pods d/theirs', /only for pods bound to it/],
  ['delete pods d/mine', undefined],
  ['delete pods d/theirs', /only for pods bound to it/],
  ['delete pods d/', /may not delete pods as a collection/],
  ['list pods d/', /may not list pods/],
  ['create nodes /n1', undefined],
  ['create nodes /n2', /only for itself, not for "n2"/],
  ['create nodes /', /only for itself/],
  ['patch nodes/status /n1', undefined],
  ['patch nodes/status /n2', /only for itself/],
  ['patch nodes /n1', /may not patch nodes/],
  ['list nodes /', undefined],
  ['list services /', /may not list services/],
  ['watch nodes /', /may not watch nodes/],
  ['delete nodes /n1', /may not delete nodes/],
  ['create events d/e', undefined],
  ['list events d/', /may not list events/],
  ['create deployments d/x', /may not create deployments/],
  ['apply configmaps d/x', /may not apply configmaps/],
  ['get namespaces /d', /may not get namespaces/],
])('node n1: %s', (act, finding) => {
  const [verb = '', path = '', where = ''] = act.split(' ');
  const [resource = '', subresource = ''] = path.split('/');
  const [namespace = '', name = ''] = where.split('/');
  const request = { verb, resource, subresource, namespace, name };
  const spec = bound[name];
  const found = refuseNode('n1', request, facts) ?? (spec && refuseObject('n1', request, { metadata: { name }, spec }));
  if (finding === undefined) expect(found).toBeUndefined();
  else expect(found).toMatch(finding);
});

it('a node does not set itself apart', () => {
  const act = { verb: 'create', resource: 'nodes', subresource: '', namespace: '', name: 'n1' };
  expect(refuseNode('n1', { ...act, labels: ['kubernetes.io/hostname'] }, facts)).toBeUndefined();
  const apart = { ...act, labels: ['payroll.node-restriction.kubernetes.io/pci'] };
  expect(refuseNode('n1', apart, facts)).toMatch(/may not set the label/);
});
