import { describe, expect, it } from 'vitest';
import type { Container, Pod, PodStatus, Probe } from '../../../contracts/kinds/kinds.ts';
import type { ProbeOutcome } from '../../../contracts/runtime/probes.ts';
import type { ContainerStatus, SandboxStatus } from '../../../contracts/runtime/status.ts';
import { newState, type PresentPod } from '../pods/pod-types.ts';
import { planPodSync } from '../pods/plan-pod-sync.ts';
import { specHash } from '../containers/container-config.ts';
import { endProbes, planProbes, unhealthyNotes } from './plan-probes.ts';

const NOW = 1_000_000;
const ref = { uid: 'u', namespace: 'team', name: 'web' };
const sandbox: SandboxStatus = { id: 's', pod: ref, attempt: 0, state: 'ready', ip: '10.1.0.9', createdAt: NOW };
const tcp = (port: string | number): Probe => ({ tcpSocket: { port } });
const all = { startupProbe: tcp(1), readinessProbe: tcp(2), livenessProbe: tcp(3) };

interface Row {
  readonly probes?: Partial<Container>;
  readonly outcomes?: readonly ProbeOutcome[];
  readonly state?: ContainerStatus['state'];
  readonly told?: NonNullable<PodStatus['containerStatuses']>[number];
  readonly restartPolicy?: string;
}
const containerOf = ({ probes = {} }: Row): Container => ({
  name: 'main',
  image: 'web:1',
  ports: [{ name: 'http', containerPort: 8080 }],
  ...probes,
});
function inputOf(row: Row): PresentPod {
  const container = containerOf(row);
  const spec = {
    containers: [container],
    ...(row.restartPolicy === undefined ? {} : { restartPolicy: row.restartPolicy }),
  };
  const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: ref, spec };
  const running: ContainerStatus = {
    ...{ id: 'c', sandboxId: 's', pod: ref, name: 'main', attempt: 0, specHash: specHash(container) },
    ...{ state: row.state ?? 'running', image: 'web:1', imageId: 'i', createdAt: NOW, startedAt: NOW },
  };
  const probes = row.outcomes === undefined ? {} : { probes: [{ pod: ref, version: 'v', outcomes: row.outcomes }] };
  return {
    uid: 'u',
    dispatched: { pod },
    level: { sandboxes: [sandbox], containers: [running], ...probes },
    state: newState(NOW),
    status: row.told === undefined ? {} : { containerStatuses: [row.told] },
    images: new Map(),
    node: { name: 'n', ip: '10.0.0.1', runtime: 'docker', cpuMillis: 1000, memoryBytes: 1 },
    now: NOW,
  };
}
const outcome = (kind: ProbeOutcome['kind'], result: 'success' | 'failure'): ProbeOutcome => ({
  containerId: 'c',
  kind,
  result,
});
const told = (more: object) => ({
  ...{ name: 'main', image: 'web:1', imageID: 'i', ready: false, restartCount: 0, containerID: 'docker://c' },
  ...more,
});

describe('the probes that run', () => {
  const kinds = (row: Row): string =>
    planProbes(inputOf(row), sandbox)
      .flatMap((verb) => (verb.op === 'setProbes' ? verb.body.probes : []))
      .map(({ kind }) => kind)
      .join(' ');

  it.each([
    { why: 'none where none are asked for', row: {}, is: '' },
    { why: 'a startup probe holds up the others', row: { probes: all }, is: 'startup' },
    {
      why: 'until it succeeds',
      row: { probes: all, outcomes: [outcome('startup', 'success')] },
      is: 'readiness liveness',
    },
    {
      why: 'which is not forgotten',
      row: { probes: all, told: told({ started: true }) },
      is: 'readiness liveness',
    },
    {
      why: 'but belongs to one container',
      row: { probes: all, told: told({ started: true, containerID: 'docker://other' }) },
      is: 'startup',
    },
    { why: 'none of a container that has ended', row: { probes: all, state: 'exited' as const }, is: '' },
  ])('$why', ({ row, is }) => {
    expect(kinds(row)).toBe(is);
  });

  it('have defaults, addresses and ports filled in', () => {
    const probe = { httpGet: { port: 'http', path: '/healthz' }, initialDelaySeconds: 5, periodSeconds: 2 };
    const [verb] = planProbes(inputOf({ probes: { readinessProbe: probe } }), sandbox);
    expect(verb?.op === 'setProbes' && verb.body.probes).toEqual([
      {
        ...{ containerId: 'c', kind: 'readiness', firstAt: NOW + 5000, periodMs: 2000, timeoutMs: 1000 },
        ...{ successThreshold: 1, failureThreshold: 3 },
        httpGet: { scheme: 'HTTP', host: '10.1.0.9', port: 8080, path: '/healthz' },
      },
    ]);
  });

  it('of a port that the container does not name fail', () => {
    const [verb] = planProbes(inputOf({ probes: { readinessProbe: tcp('nope') } }), sandbox);
    expect(verb?.op === 'setProbes' && verb.body.probes[0]?.invalid).toBe('couldn\'t find port: "nope" in pod web');
  });

  it('are asked for once, and ended once', () => {
    const input = inputOf({ probes: all });
    const [verb] = planProbes(input, sandbox);
    const version = verb?.op === 'setProbes' ? verb.body.version : '';
    const run = { ...input, level: { ...input.level, probes: [{ pod: ref, version, outcomes: [] }] } };
    expect(planProbes(run, sandbox)).toEqual([]);
    expect(endProbes(run)).toEqual([{ op: 'setProbes', body: { pod: ref, version: '', probes: [] } }]);
    expect(endProbes(input)).toEqual([]);
  });
});

describe('the status', () => {
  const shown = (row: Row): string => {
    const input = inputOf(row);
    const [verb] = planProbes(input, sandbox);
    const version = verb?.op === 'setProbes' ? verb.body.version : '';
    const probes = version === '' ? {} : { probes: [{ pod: ref, version, outcomes: row.outcomes ?? [] }] };
    const plan = planPodSync({ ...input, level: { ...input.level, ...probes } });
    const { ready, started } = plan.status?.containerStatuses?.[0] ?? {};
    const stops = plan.verbs.map((each) =>
      each.op === 'stopContainer' ? `${each.body.graceMs} ${each.why}` : each.op,
    );
    return [`${started === true ? 'started' : '-'} ${ready === true ? 'ready' : '-'}`, ...stops].join('; ');
  };
  const liveness = { livenessProbe: { ...tcp(3), terminationGracePeriodSeconds: 2 } };

  it.each([
    { why: 'a container without probes is ready', row: {}, is: 'started ready' },
    { why: 'one with a readiness probe is not at first', row: { probes: { readinessProbe: tcp(2) } }, is: 'started -' },
    {
      why: 'then it is',
      row: { probes: { readinessProbe: tcp(2) }, outcomes: [outcome('readiness', 'success')] },
      is: 'started ready',
    },
    {
      why: 'and when it fails it is not',
      row: {
        probes: { readinessProbe: tcp(2) },
        outcomes: [outcome('readiness', 'failure')],
        told: told({ ready: true }),
      },
      is: 'started -',
    },
    {
      why: 'a kubelet that restarts leaves it ready',
      row: { probes: { readinessProbe: tcp(2) }, told: told({ ready: true }) },
      is: 'started ready',
    },
    { why: 'it has not started before its startup probe', row: { probes: { startupProbe: tcp(1) } }, is: '- -' },
    {
      why: 'liveness restarts it, with its own grace period',
      row: { probes: liveness, outcomes: [outcome('liveness', 'failure')] },
      is: 'started ready; 2000 Container main failed liveness probe, will be restarted',
    },
    {
      why: 'unless it must not be restarted',
      row: { probes: liveness, outcomes: [outcome('liveness', 'failure')], restartPolicy: 'Never' },
      is: 'started ready; 2000 Container main failed liveness probe',
    },
    {
      why: 'so does a startup probe',
      row: { probes: { startupProbe: tcp(1) }, outcomes: [outcome('startup', 'failure')] },
      is: '- -; 30000 Container main failed startup probe, will be restarted',
    },
  ])('$why', ({ row, is }) => {
    expect(shown(row)).toBe(is);
  });
});

it('a failure is told once, and again when it is another', () => {
  const failing = (words: string): ProbeOutcome => ({ containerId: 'c', kind: 'readiness', failing: words });
  const input = inputOf({ probes: { readinessProbe: tcp(2) }, outcomes: [failing('no')] });
  const first = unhealthyNotes(input);
  expect(first.notes.map(({ reason, message }) => `${reason}: ${message}`)).toEqual([
    'Unhealthy: Readiness probe failed: no',
  ]);
  const known = { ...input, state: { ...input.state, unhealthy: first.told } };
  expect(unhealthyNotes(known).notes).toEqual([]);
  const other = inputOf({ probes: { readinessProbe: tcp(2) }, outcomes: [failing('still no')] });
  expect(unhealthyNotes({ ...other, state: known.state }).notes).toHaveLength(1);
});
