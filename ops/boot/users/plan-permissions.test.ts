import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { api, calls, inbox, latest, port, publish, request, watch } from '../../../actors/kernel/declare.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import type { Declared } from './declared-subjects.ts';
import { type Permissions, planPermissions, withInboxes } from './plan-permissions.ts';
import { covers } from './subject-patterns.ts';

const may = (patterns: readonly string[], subject: string): boolean =>
  patterns.some((pattern) => covers(pattern, subject));
const kubelet: Declared = {
  name: 'kubelet',
  hears: {
    pods: calls(SUBJECTS.nodePods, { fixed: { node: 'n1' } }),
    logs: calls(SUBJECTS.nodeLogs, { fixed: { node: 'n1' } }),
    nodes: watch('nodes'),
  },
  says: {
    status: api('update', 'pods/status'),
    list: request(SUBJECTS.dispatch, { node: 'n1' }),
    beat: publish(SUBJECTS.heartbeat, { node: 'n1' }),
    engine: port<{ run: [string, string] }, 'run'>('runtime', 'run'),
  },
};
const master: Declared = {
  name: 'api-server',
  hears: {
    api: calls(SUBJECTS.api, { queue: true, all: true }),
    beats: latest(SUBJECTS.heartbeat, { everyMs: 1000 }),
  },
  says: {
    outcome: publish(SUBJECTS.outcome),
    events: inbox(),
    bind: api('create', 'pods/binding'),
    logs: request(SUBJECTS.nodeLogs),
  },
};
const labels: Declared = {
  name: 'team-labels',
  singleton: true,
  hears: { pods: watch('pods') },
  says: { label: api('patch', 'pods') },
};
const listener: Declared = { name: 'listener', hears: { beats: calls(SUBJECTS.heartbeat) }, says: {} };
const users = {
  service: planPermissions('troupe', 'shop', { kind: 'service', declared: [labels] }),
  listener: planPermissions('troupe', 'ears', { kind: 'service', declared: [listener] }),
  node: planPermissions('troupe', 'node-n1', { kind: 'node', declared: [kubelet] }),
  system: planPermissions('troupe', 'master', { kind: 'system', declared: [master] }),
  operator: planPermissions('troupe', 'ann', { kind: 'operator' }),
  tenant: planPermissions('troupe', 'bob', { kind: 'tenant', namespaces: ['team-a'] }),
  viewer: planPermissions('troupe', 'vic', { kind: 'tenant', namespaces: ['team-a'], role: 'view' }),
  special: planPermissions('troupe', 'sue', { kind: 'tenant', namespaces: ['team-a'], role: 'pod-deleter' }),
  gateway: planPermissions('troupe', 'http', { kind: 'gateway' }),
};
const NAMES = {
  service: 'shop',
  listener: 'ears',
  node: 'node-n1',
  system: 'master',
  operator: 'ann',
  tenant: 'bob',
  viewer: 'vic',
  special: 'sue',
  gateway: 'http',
};
type Who = keyof typeof users;
const printed = Object.fromEntries(
  withInboxes((Object.keys(users) as Who[]).map((who) => ({ who, name: NAMES[who], permissions: users[who] }))).map(
    ({ who, permissions }) => [who, permissions],
  ),
) as Record<Who, Permissions>;

describe('what each profile may do', () => {
  it.each<[who: Who, act: 'publish' | 'subscribe', subject: string, allowed: boolean]>([
    ['node', 'publish', 'troupe.api.node-n1.update.pods=2Fstatus.default.web', true],
    ['node', 'publish', 'troupe.api.node-n1.update.pods.default.web', false],
    ['node', 'publish', 'troupe.api.master.update.pods=2Fstatus.default.web', false],
    ['node', 'publish', 'troupe.heartbeat.n1', true],
    ['node', 'publish', 'troupe.heartbeat.n2', false],
    ['node', 'publish', 'troupe.journal.kubelet.n1', true],
    ['node', 'publish', 'troupe.journal.kubelet.n2', false],
    ['node', 'publish', 'troupe.journal.api-server.a1', false],
    ['node', 'subscribe', 'troupe.node.n1.pods', true],
    ['node', 'subscribe', 'troupe.node.n2.pods', false],
    ['node', 'subscribe', 'troupe.changes.secrets.default.key', false],
    ['node', 'subscribe', 'troupe.changes.nodes._.n2', true],
    ['node', 'subscribe', 'troupe.changes.pods.default.web', false],
    ['node', 'publish', 'troupe.api.node-n1.list.nodes._._', true],
    ['node', 'publish', 'troupe.api.node-n1.list.secrets._._', false],
    ['node', 'publish', '$JS.API.STREAM.INFO.KV_troupe-objects', false],
    ['node', 'publish', '$KV.troupe-objects.pods.default.web', false],
    ['node', 'publish', '_INBOX.ann.x', true], // asks micro services of every process
    ['node', 'publish', '_INBOX.master.x', true], // asks for logs
    ['node', 'publish', '_INBOX.bob.x', false],
    ['node', 'publish', '_INBOX.node-n2.x', false],
    ['node', 'publish', 'troupe.watch.node-n1.m1.7', true],
    ['node', 'publish', 'troupe.watch.bob.m1.7', false],
    ['node', 'publish', 'troupe.changes.pods.default.web', false],
    ['tenant', 'subscribe', 'troupe.changes.secrets.team-a.key', true],
    ['tenant', 'publish', 'troupe.edge.bob.get.pods.team-a.web', false],
    ['tenant', 'publish', 'troupe.api.bob.create.selfsubjectreviews._._', true],
    ['viewer', 'subscribe', 'troupe.changes.pods.team-a.web', true],
    ['viewer', 'subscribe', 'troupe.changes.secrets.team-a.key', false],
    ['viewer', 'subscribe', 'troupe.logs.team-a.web.main', true],
    ['viewer', 'publish', 'troupe.api.vic.delete.pods.team-a.web', true], // the api-server refuses it
    ['special', 'subscribe', 'troupe.changes.pods.team-a.web', false],
    ['special', 'subscribe', 'troupe.logs.team-a.web.main', false],
    ['gateway', 'publish', 'troupe.edge.http.get.pods.team-a.web', true],
    ['gateway', 'publish', 'troupe.edge.other.get.pods.team-a.web', false],
    ['gateway', 'publish', 'troupe.api.http.get.pods.team-a.web', false],
    ['gateway', 'publish', 'troupe.watch.http.m1.7', true],
    ['gateway', 'subscribe', '_INBOX.http.x', true],
    ['gateway', 'subscribe', 'troupe.edge.http.get.pods.team-a.web', false],
    ['gateway', 'subscribe', 'troupe.changes.pods.team-a.web', false],
    ['operator', 'publish', 'troupe.edge.ann.get.pods.team-a.web', false],
    ['node', 'publish', 'troupe.edge.node-n1.get.pods.team-a.web', false],
    ['service', 'publish', 'troupe.edge.shop.get.pods.team-a.web', false],
    ['system', 'subscribe', 'troupe.api.bob.get.pods.team-a.web', true],
    ['system', 'subscribe', 'troupe.api.nonsense', true],
    ['system', 'subscribe', 'troupe.heartbeat.n7', true],
    ['system', 'publish', '_INBOX.ann.x', true],
    ['system', 'publish', 'troupe.outcome.master', true],
    ['system', 'publish', '$KV.troupe-objects.pods.default.web', true],
    ['system', 'publish', '$JS.API.STREAM.PURGE.KV_troupe-objects', false],
    ['system', 'publish', '$JS.API.STREAM.DELETE.KV_troupe-objects', false],
    ['service', 'publish', 'troupe.api.shop.patch.pods.team-b.web', true],
    ['service', 'publish', 'troupe.api.shop.delete.pods.team-b.web', false],
    ['service', 'publish', 'troupe.api.shop.get.secrets.team-b.key', false],
    ['service', 'publish', 'troupe.api.ann.patch.pods.team-b.web', false],
    ['service', 'publish', 'troupe.journal.team-labels.a1', true],
    ['service', 'publish', 'troupe.journal.scheduler.a1', false],
    ['service', 'publish', '$KV.troupe-leases.team-labels', true],
    ['service', 'publish', '$KV.troupe-leases.scheduler', false],
    ['service', 'publish', '$KV.troupe-objects.epochs._.team-labels', true],
    ['service', 'publish', '$KV.troupe-objects.epochs._.scheduler', false],
    ['service', 'publish', '$KV.troupe-objects.pods.default.web', false],
    ['service', 'publish', '$JS.API.STREAM.INFO.KV_troupe-objects', true],
    ['service', 'publish', '$JS.API.STREAM.UPDATE.KV_troupe-objects', false],
    ['service', 'publish', '$JS.API.STREAM.MSG.GET.troupe-journal', false],
    ['service', 'publish', 'troupe.changes.pods.default.web', false],
    ['service', 'subscribe', 'troupe.changes.pods.team-b.web', true],
    ['service', 'subscribe', 'troupe.api.bob.get.pods.team-a.web', false],
    ['listener', 'subscribe', 'troupe.heartbeat.n7', true],
    ['listener', 'subscribe', 'troupe.changes.pods.default.web', false],
    ['listener', 'publish', '$JS.API.STREAM.INFO.KV_troupe-objects', false],
    ['operator', 'publish', 'troupe.api.ann.delete.pods.team-b.web', true],
    ['operator', 'publish', 'troupe.api.bob.delete.pods.team-b.web', false],
    ['operator', 'publish', 'troupe.apply.ann._', true],
    ['operator', 'publish', '$KV.troupe-objects.pods.default.web', false],
    ['operator', 'publish', '$JS.API.STREAM.PURGE.KV_troupe-objects', false],
    ['operator', 'publish', '$JS.API.STREAM.MSG.DELETE.KV_troupe-objects', false],
    ['operator', 'subscribe', 'troupe.changes.pods.team-b.web', true],
    ['operator', 'subscribe', 'troupe.changes.>', true],
    ['operator', 'subscribe', 'troupe.logs.>', true],
    ['operator', 'subscribe', 'troupe.>', false],
    ['operator', 'subscribe', 'troupe.api.bob.create.secrets.team-a._', false],
    ['operator', 'subscribe', '_INBOX.bob.x', false],
    ['tenant', 'publish', 'troupe.api.bob.create.pods.team-a._', true],
    ['tenant', 'publish', 'troupe.api.bob.create.pods.team-b._', false],
    ['tenant', 'publish', 'troupe.apply.bob.team-a', true],
    ['tenant', 'publish', 'troupe.apply.bob._', false],
    ['tenant', 'subscribe', 'troupe.changes.pods.team-a.web', true],
    ['tenant', 'subscribe', 'troupe.changes.pods.team-b.web', false],
    ['tenant', 'subscribe', 'troupe.changes.>', false],
    ['tenant', 'subscribe', 'troupe.logs.team-a.web.main', true],
    ['tenant', 'subscribe', 'troupe.outcome.bob', true],
    ['tenant', 'subscribe', 'troupe.outcome.ann', false],
    ['tenant', 'publish', 'troupe.watch.bob.m1.7', true],
    ['tenant', 'publish', 'troupe.watch.ann.m1.7', false],
    ['tenant', 'publish', '_INBOX.ann.x', false],
    ['service', 'publish', '_INBOX.ann.x', true],
    ['service', 'publish', '_INBOX.bob.x', false],
  ])('%s: %s %s: %s', (who, act, subject, allowed) => {
    expect(may(printed[who][act], subject)).toBe(allowed);
  });
});

it("prints a driver's every operation when the declaration leaves tokens open", () => {
  const driver: Declared = {
    name: 'runtime',
    hears: { ops: calls(SUBJECTS.runtime, { fixed: { node: 'n1' } }) },
    says: {},
  };
  const { subscribe } = planPermissions('troupe', 'node-n1', { kind: 'node', declared: [driver] });
  expect(subscribe).toContain('troupe.runtime.n1.*');
});

it('escapes the namespaces and names that it prints', () => {
  const { publish: may } = planPermissions('troupe', 'b.c', { kind: 'tenant', namespaces: ['*', 'a.b'] });
  expect(may).toEqual([
    'troupe.api.b=2Ec.*.*.=2A.>',
    'troupe.api.b=2Ec.*.*.a=2Eb.>',
    'troupe.api.b=2Ec.create.selfsubjectaccessreviews._._',
    'troupe.api.b=2Ec.create.selfsubjectreviews._._',
    'troupe.api.b=2Ec.create.selfsubjectrulesreviews._._',
    'troupe.api.b=2Ec.list.apiresources._._',
    'troupe.apply.b=2Ec.=2A',
    'troupe.apply.b=2Ec.a=2Eb',
    'troupe.session.b=2Ec.*.*.*',
    'troupe.watch.b=2Ec.*.*',
  ]);
});

it('a tenant reaches no subject of another tenant, whatever the names', () => {
  const name = fc.string({ minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(name, name, name, name, (me, mine, you, yours) => {
      fc.pre(me !== you && mine !== yours);
      const left = planPermissions('troupe', me, { kind: 'tenant', namespaces: [mine] });
      const right = planPermissions('troupe', you, { kind: 'tenant', namespaces: [yours] });
      for (const act of ['publish', 'subscribe'] as const) {
        for (const pattern of right[act]) expect(may(left[act], pattern.replaceAll('*', 'x'))).toBe(false);
      }
    }),
  );
});
