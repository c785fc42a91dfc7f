import { expect, it } from 'vitest';
import type { Deployment, Node, Pod } from '../../../contracts/kinds/kinds.ts';
import { type ClusterFacts, planStatus, readyOf, statusRows } from './plan-status.ts';

const node = (name: string, ready: boolean): Node => ({
  metadata: { name },
  status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'Unknown' }] },
});
const pod = (phase: string, ready = phase === 'Running'): Pod => ({
  metadata: { namespace: 'a', name: phase },
  status: { phase, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});
const deployment: Deployment = {
  metadata: { namespace: 'a', name: 'web' },
  spec: { replicas: 2, selector: {}, template: {} },
  status: { readyReplicas: 1 },
};
const facts = (change: Partial<ClusterFacts> = {}): ClusterFacts => ({
  url: 'nats://here',
  caller: 'operator',
  prefix: 'troupe',
  natsVersion: '2.15.1',
  controlPlane: ['api-server', 'scheduler', 'deployment'],
  actors: [
    { name: 'api-server', id: '1' },
    { name: 'api-server', id: '2' },
    { name: 'deployment', id: '3' },
    { name: 'scheduler', id: '4' },
    { name: 'kubelet', id: '5' },
  ],
  nodes: [node('n1', true)],
  pods: [pod('Running'), pod('Running'), pod('Pending')],
  deployments: [deployment],
  ...change,
});

it.each([
  { why: 'nothing is wrong: of a singleton one instance answers, others stand by', change: {}, problems: [] },
  {
    why: 'an actor is missing',
    change: { actors: [...(facts().actors ?? [])].filter(({ name }) => name !== 'scheduler') },
    problems: [
      /^scheduler does not answer; wait up to 10 s for a master that .*; a master of another version may lack them; else see its log/,
    ],
  },
  {
    why: 'all are missing, and nobody can be asked',
    change: { actors: [], nodes: undefined, pods: undefined, deployments: undefined, problem: 'no api-server' },
    problems: [/^no api-server$/, /^api-server, scheduler, deployment do not answer; /],
  },
  {
    why: 'the stores of masters raised an alarm, because of which others do not answer either',
    change: {
      alarms: [
        { instance: 'm2', alarm: 'it went back; restart the masters' },
        { instance: 'm1', alarm: 'it went back; restart the masters' },
        { instance: 'm3', alarm: 'writes get no answer' },
      ],
      actors: [...(facts().actors ?? [])].filter(({ name }) => name !== 'scheduler'),
      problem: 'writes get no answer',
      disk: 'the disk is full',
    },
    problems: [
      /^the disk is full$/,
      /^store on m1, m2: it went back; restart the masters$/,
      /^store on m3: writes get no answer$/,
      /^scheduler does not answer; correct the store first: /,
    ],
  },
  {
    why: 'a node is not ready',
    change: { nodes: [node('n1', true), node('n2', false)] },
    problems: [/^node n2 is not/],
  },
  {
    why: 'the worker of a node that is not ready says more than its node',
    change: {
      nodes: [
        { metadata: { name: 'n1' }, status: { conditions: [{ type: 'Ready', status: 'False', message: 'x: y' }] } },
      ],
      workerErrors: [{ instance: 'n1', lastError: 'list: no engine answers' }],
    },
    problems: [/^node n1 is not ready: x: y; its worker reports: list: no engine answers$/],
  },
  {
    why: 'it says the same as its node',
    change: {
      nodes: [
        { metadata: { name: 'n1' }, status: { conditions: [{ type: 'Ready', status: 'False', message: 'x: y' }] } },
      ],
      workerErrors: [{ instance: 'n1', lastError: 'list: y' }],
    },
    problems: [/^node n1 is not ready: x: y$/],
  },
  {
    why: 'it says the same as its node of another question to its engine',
    change: {
      nodes: [
        {
          metadata: { name: 'n1' },
          status: { conditions: [{ type: 'Ready', status: 'False', message: 'down: list: no engine (ENOENT)' }] },
        },
      ],
      workerErrors: [{ instance: 'n1', lastError: 'node: ask the engine: no engine (ENOENT)' }],
    },
    problems: [/^node n1 is not ready: down: list: no engine \(ENOENT\)$/],
  },
  {
    why: 'nobody answers for a node that the store still calls ready',
    change: { unanswered: ['n1'] },
    problems: [/^no worker answers for node n1: the status of the pods there may be outdated; wait a moment /],
  },
  {
    why: 'nobody answers for many',
    change: { unanswered: ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7'] },
    problems: [/^no worker answers for nodes n1, n2, n3, n4, n5 and 2 more: /],
  },
  {
    why: 'there is no node',
    change: { nodes: [] },
    problems: [/^no node has joined; wait a moment for a worker that was just started, /],
  },
  {
    why: 'there is no node, and workers say why',
    change: {
      nodes: [],
      workerErrors: ['n1', 'n2', 'n3', 'n4'].map((instance) => ({ instance, lastError: 'no engine' })),
    },
    problems: ['n1', 'n2', 'n3'].map(
      (name) => new RegExp(`^no node has joined; the worker of ${name} reports: no engine$`),
    ),
  },
  {
    why: 'the worker of a node said itself why it is not ready',
    change: {
      nodes: [
        {
          metadata: { name: 'n1' },
          status: { conditions: [{ type: 'Ready', status: 'False', message: 'no container engine answers' }] },
        },
      ],
    },
    problems: [/^node n1 is not ready: no container engine answers$/],
  },
  {
    why: 'nothing is wrong with what a tenant may see',
    change: { namespace: 'a', actors: undefined, nodes: undefined },
    problems: [],
  },
])('$why', ({ change, problems }) => {
  const status = planStatus(facts(change));
  expect(status.problems).toEqual(problems.map((words) => expect.stringMatching(words) as string));
  expect(status.healthy).toBe(problems.length === 0);
});

it('calls those nodes ready which the store does', () => {
  expect(readyOf([node('n1', true), node('n2', false), { metadata: { name: 'n3' } }])).toEqual(['n1']);
});

it('tells how many pods run that are not ready, as those whose containers are gone', () => {
  const going: Pod = { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' }, status: { phase: 'Running' } };
  const pods = [pod('Running'), pod('Running', false), pod('Running', false), pod('Succeeded'), going];
  const status = planStatus(facts({ pods }));
  expect(status).toMatchObject({ pods: { Running: 3, Succeeded: 1, Terminating: 1 }, runningNotReady: 2 });
  expect(statusRows(status)).toContainEqual(['Pods', '3 Running (2 not ready), 1 Succeeded, 1 Terminating']);
});

it('tells it to people: the whole cluster, or a namespace alone', () => {
  expect(statusRows(planStatus(facts()))).toEqual([
    ['Cluster', 'nats://here (nats-server 2.15.1), prefix troupe, as operator'],
    ['Actors', 'api-server x2, deployment, kubelet, scheduler'],
    ['Nodes', '1 of 1 ready'],
    ['Deployments', '0 of 1 ready'],
    ['Pods', '1 Pending, 2 Running'],
  ]);
  expect(statusRows(planStatus(facts({ namespace: 'a', actors: undefined, nodes: undefined }))).slice(1)).toEqual([
    ['Namespace', 'a'],
    ['Deployments', '0 of 1 ready'],
    ['Pods', '1 Pending, 2 Running'],
  ]);
});
