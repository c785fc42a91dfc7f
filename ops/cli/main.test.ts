import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Deployment, KubeObject, Pod } from '../../contracts/kinds/kinds.ts';
import { typeLine } from '../../test/support/command-line.ts';
import { FakeApi } from '../../test/support/fake-api.ts';
import { connectAs, startNatsServer, type TestNatsServer } from '../../test/support/nats-server.ts';
import { startTcpProxy } from '../../test/support/tcp-proxy.ts';
import { waitUntil } from '../../test/support/wait-until.ts';

const NOW = Date.parse('2026-01-01T00:01:30Z');

let server: TestNatsServer;
let api: FakeApi;
let endApi: () => Promise<void>;
let folder: string;

beforeAll(async () => {
  server = await startNatsServer({ jetstream: false });
  folder = mkdtempSync(join(tmpdir(), 'troupe-cli-'));
  await import('./replay/record.ts'); // much of the project: in no test's time
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  for (const [name, value] of [
    ['TROUPE_HOME', folder],
    ['TROUPE_URL', server.url],
    ['TROUPE_USER', 'alice'],
    ['TROUPE_NKEY', ''],
    ['TROUPE_CONTEXT', ''],
    ['TROUPE_NAMESPACE', ''],
  ]) {
    vi.stubEnv(name ?? '', value);
  }
  const connection = await connectAs(server);
  api = new FakeApi(connection);
  await connection.flush();
  endApi = async () => {
    if (!connection.isClosed()) await connection.drain(); // once it is over, the server knows
  };
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await endApi();
});

/** Types a command line; gives what a person sees. */
function type(...argv: string[]) {
  const stop = new AbortController();
  return { ...typeLine(argv, { now: () => NOW, signal: stop.signal }), interrupt: () => stop.abort() };
}
async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const { seen, code } = type(...argv);
  return { code: await code, ...seen };
}

const pod = (name: string, more: Partial<Pod> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'default', name, uid: `uid-${name}`, creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { containers: [{ name: 'main', image: 'web:1' }] },
  status: { phase: 'Pending' },
  ...more,
});
const deployment = (name: string): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { namespace: 'default', name, creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { replicas: 2, selector: { matchLabels: { app: name } }, template: {} },
});
const manifest = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe('get', () => {
  it('prints a table', async () => {
    api.put('pods', pod('web-1'));
    api.put('pods', pod('a'));
    const { code, out } = await run('get', 'pods');
    expect(code).toBe(0);
    expect(out).toMatchInlineSnapshot(`
      "NAME    READY   STATUS    RESTARTS   AGE
      web-1   0/1     Pending   0          90s
      a       0/1     Pending   0          90s
      "
    `);
  });
  it('takes -n before the command, as kubectl does', async () => {
    api.put('pods', pod('web-1', { metadata: { namespace: 'team-a', name: 'web-1' } }));
    expect(await run('-n', 'team-a', 'get', 'pods', '-o', 'name')).toEqual({ code: 0, out: 'pod/web-1\n', err: '' });
  });
  it('prints several kinds apart, with qualified names', async () => {
    api.put('pods', pod('web-1'));
    api.put('deployments', deployment('web'));
    const { out } = await run('get', 'pods,deploy');
    expect(out).toContain('NAME        READY');
    expect(out).toContain('pod/web-1   0/1');
    expect(out).toContain('\n\nNAME');
    expect(out).toContain('deployment.apps/web ');
  });
  it.each([
    { args: ['pods', '-o', 'name'], out: /^pod\/web-1\n$/ },
    { args: ['pod/web-1', '-o', 'json'], out: /^\{\n {2}"apiVersion": "v1",\n {2}"kind": "Pod"/ },
    { args: ['pods', '-o', 'json'], out: /"kind": "List"/ },
    { args: ['po', 'web-1', '-o', 'yaml'], out: /^apiVersion: v1\nkind: Pod\nmetadata:\n {2}namespace: default/ },
    { args: ['pods', '-A'], out: /^NAMESPACE +NAME.*\ndefault +web-1/ },
    { args: ['pods', '--no-headers'], out: /^web-1/ },
    { args: ['pods', '-o', 'wide'], out: /NODE/ },
    { args: ['pods', '--watch=false', '--all-namespaces=true'], out: /^NAMESPACE/ },
    { args: ['pod/web-1', 'po/web-1'], out: /^NAME +READY.*\nweb-1 .*\n$/ },
    { args: ['pod/web-1', '-o', 'yaml'], out: /creationTimestamp: "2026-01-01T00:00:00Z"/ },
  ])('get $args', async ({ args, out }) => {
    api.put('pods', pod('web-1'));
    const got = await run('get', ...args);
    expect(got).toMatchObject({ code: 0, err: '' });
    expect(got.out).toMatch(out);
  });
  it('prints what it finds, and a line for what it does not', async () => {
    api.put('pods', pod('a'));
    const got = await run('get', 'pods', 'a', 'b');
    expect(got.code).toBe(1);
    expect(got.out).toContain('a   ');
    expect(got.err).toBe('troupe get: pods "b" not found; see "troupe get pods"\n');
    expect((await run('get', 'pods', 'b', '--ignore-not-found')).code).toBe(0);
  });
  it.each([
    ['get', 'pods', 'b'],
    ['delete', 'pods', 'b'],
    ['logs', 'b'],
  ])('%s of what is not there points to the namespace that was named', async (...args) => {
    expect((await run(...args, '-n', 'team-a')).err).toBe(
      `troupe ${args[0]}: pods "b" not found; see "troupe get pods -n team-a"\n`,
    );
  });
  it('says when there is nothing', async () => {
    expect(await run('get', 'pods')).toMatchObject({
      code: 0,
      out: '',
      err: 'No resources found in default namespace.\n',
    });
    expect(await run('get', 'nodes')).toMatchObject({ code: 0, out: '', err: 'No resources found\n' });
  });
  it('watches: rows as they change, until Ctrl-C', async () => {
    api.put('pods', pod('web-1'));
    const { seen, code, interrupt } = type('get', 'pods', '-w');
    await waitUntil('a watch', 5_000, () => api.watchers === 1);
    api.put('pods', pod('web-1', { status: { phase: 'Running' } }));
    await waitUntil('a row', 5_000, () => seen.out.includes('Running'));
    interrupt();
    expect(await code).toBe(130);
    expect(seen.out.split('\n').slice(1)).toEqual([
      'web-1   0/1     Pending   0          90s',
      'web-1   0/1     Running   0          90s',
      '',
    ]);
  });
});

describe('a command that goes on says once that the cluster is away, and once that it is back', () => {
  const away = async () => {
    const proxy = await startTcpProxy(server.port);
    onTestFinished(() => proxy.close());
    const url = `nats://127.0.0.1:${proxy.port}`;
    vi.stubEnv('TROUPE_URL', url);
    return { proxy, url };
  };
  const lostAndBack = (url: string): string =>
    `the connection to nats-server at ${url} is lost; waiting up to 60 s for an answer, Ctrl-C ends\nthe cluster answers again\n`;

  it('get -w', async () => {
    const { proxy, url } = await away();
    const { seen, code, interrupt } = type('get', 'pods', '-w', '-o', 'name');
    await waitUntil('a watch', 5_000, () => api.watchers === 1);
    proxy.cut();
    await waitUntil('it is back', 10_000, () => seen.err.includes('again'));
    api.put('pods', pod('web-1'));
    await waitUntil('the row', 10_000, () => seen.out === 'pod/web-1\n');
    interrupt();
    expect(await code).toBe(130);
    expect(seen.err).toBe(lostAndBack(url));
  });

  it('get -w, where an api-server alone is away', async () => {
    const { seen, code, interrupt } = type('get', 'pods', '-w', '-o', 'name');
    await waitUntil('a watch', 5_000, () => api.watchers === 1);
    api.endWatches();
    await endApi();
    await waitUntil('it is missed', 10_000, () => seen.err !== '');
    const connection = await connectAs(server);
    onTestFinished(() => connection.close());
    new FakeApi(connection);
    await waitUntil('it is back', 10_000, () => seen.err.includes('again'));
    interrupt();
    expect(await code).toBe(130);
    expect(seen.err).toBe(
      'no api-server is listening on troupe.api.alice.watch.pods.default._; waiting up to 60 s for an answer, Ctrl-C ends\nthe cluster answers again\n',
    );
  });

  it('logs -f, which asks at once for what it missed', async () => {
    const { proxy, url } = await away();
    api.put('pods', pod('web-1'));
    const line = (n: number) => ({
      stream: 'stdout' as const,
      time: `2026-01-01T00:00:0${n}.000000000Z`,
      text: `${n}`,
    });
    api.output.push(line(1));
    const { seen, code, interrupt } = type('logs', '-f', 'web-1');
    await waitUntil('the first line', 10_000, () => seen.out === '1\n');
    api.output.push(line(2));
    proxy.cut();
    await waitUntil('the second', 5_000, () => seen.out === '1\n2\n');
    await waitUntil('it is back', 5_000, () => seen.err.includes('again'));
    interrupt();
    expect(await code).toBe(130);
    expect(seen.err).toBe(lostAndBack(url));
  });

  it('delete, while it waits', async () => {
    const { proxy, url } = await away();
    api.put('pods', pod('web-1', { metadata: { namespace: 'default', name: 'web-1', finalizers: ['x/y'] } }));
    const { seen, code } = type('delete', 'pod', 'web-1');
    await waitUntil('a watch', 5_000, () => api.watchers === 1);
    proxy.cut();
    await waitUntil('it is back', 10_000, () => seen.err.includes('again'));
    api.remove('pods', 'default', 'web-1');
    expect(await code).toBe(0);
    expect(seen.err).toBe(lostAndBack(url));
  });
});

describe('what is typed wrongly is told in one line, with code 2', () => {
  it.each([
    [['get'], 'troupe get: no resource was named; name one, such as pods, deployments or deploy/web'],
    [['get', 'pdos'], 'troupe get: there is no kind "pdos"; did you mean "pods"?'],
    [
      ['get', 'pods', ''],
      'troupe get: a name after "pods" is empty; leave it out, or check the variable that should hold it',
    ],
    [
      ['get', 'pods', 'a', '-A', '-w'],
      'troupe get: a name belongs to one namespace; leave out --all-namespaces or the name',
    ],
    [['get', 'pods', 'a', '-l', 'x'], 'troupe get: names and --selector exclude each other; use one of them'],
    [
      ['get', 'pod/a', '--field-selector', 'status.phase=Running'],
      'troupe get: names and --field-selector exclude each other; use one of them',
    ],
    [['get', 'pods', '--watch=often'], 'troupe get: --watch is "often"; use true or false'],
    [['get', 'pods', '-o', 'xml'], 'troupe get: there is no output "xml"; use -o json, -o yaml, -o wide, -o name'],
    [
      ['get', 'pods', '--wacht'],
      `troupe get: unknown option '--wacht' (Did you mean --watch?); see "troupe get --help"`,
    ],
    [['gte'], `troupe: unknown command 'gte' (Did you mean get?); see "troupe --help"`],
    [
      ['describe', 'pod', 'web-1'],
      'troupe: there is no command "describe"; use "troupe get <kind>/<name> -o yaml" and "troupe get events"',
    ],
    [
      ['cp', 'web-1:/a', '.'],
      'troupe: there is no command "cp"; Troupe does not have it yet; see ops/docs/differences.md',
    ],
    [
      ['scale', 'pod/web', '--replicas', '2'],
      'troupe scale: pods cannot be scaled; scale a deployment or a replicaset',
    ],
    [
      ['help', 'describe'],
      'troupe: there is no command "describe"; use "troupe get <kind>/<name> -o yaml" and "troupe get events"',
    ],
    [['replay', 'dif', 'a', 'b'], 'troupe replay: there is no command "dif"; did you mean "troupe replay diff"?'],
    [
      ['replay', 'minimize', 'a', '--old', 'b'],
      'troupe replay: there is no command "minimize"; did you mean "troupe replay minimise"?',
    ],
    [
      ['replay', 'scheduler', 'x'],
      `troupe replay: too many arguments for 'replay'. Expected 1 argument but got 2; see "troupe replay --help"`,
    ],
    [['nonsense', '--help'], 'troupe: unknown command \'nonsense\'; see "troupe --help"'],
    [['help', 'user', 'nonsense'], 'troupe user: unknown command \'nonsense\'; see "troupe user --help"'],
    [['decode', ''], 'troupe decode: nothing to decode: the payload is empty'],
    [['create', 'namespace', 'a'], 'troupe create: takes no arguments; use -f <manifest>, a folder, or - for stdin'],
    [
      ['apply', '-f', 'https://a.b/c.yaml'],
      'troupe apply: https://a.b/c.yaml: URLs are not supported; download it: curl -fsSL https://a.b/c.yaml | troupe apply -f -',
    ],
    [['apply'], 'troupe apply: give a manifest to apply: -f <file>, a folder, or - for stdin'],
    [
      ['apply', '-f', 'nowhere.yaml'],
      'troupe apply: nowhere.yaml: no such file or folder; give -f a manifest, a folder of them, or - for stdin',
    ],
    [['scale', 'deploy/web'], 'troupe scale: give the number of pods: --replicas <count>'],
    [['record', 'export'], 'troupe record export: -o is required: troupe record export -o incident.troupe'],
    [
      ['replay', 'minimise', 'x.troupe', '-o', '-'],
      'troupe replay minimise: standard output is used for the result; give a file: -o small.troupe',
    ],
    [['record', 'ls', '-o', 'yaml'], 'troupe record ls: -o is "yaml"; the only other format is json'],
    [['worker', '--runtime', 'podman'], 'troupe worker: --runtime is "podman"; use docker or simulated'],
    [
      ['master', '--replicas', '2'],
      'troupe master: --replicas is "2"; use 1, 3 or 5, and at least as many servers in the NATS cluster',
    ],
    [
      ['master', '--without', 'api-server'],
      'troupe master: --without is "api-server"; a master can leave out scheduler, dispatcher, deployment, replica-set, namespace, garbage-collector, node-lifecycle, pod-garbage-collector, cluster-role-aggregation, custom-resource-definition',
    ],
    [
      ['user', 'add', 'bob', '--actors', 'a.mjs', '-n', 'a'],
      'troupe user add: --namespace is for a tenant and --actors for a service; leave out one of them',
    ],
    [['up', '--keep', 'long'], 'troupe up: --keep is "long"; write a duration such as 30s, 5m or 1h30m'],
    [['up', '--keep', '5m'], 'troupe up: --keep is "5m"; it must be at least 1h, such as 12h or 7d'],
    [['up', '--keep-size', '4GB'], 'troupe up: --keep-size is "4GB"; write a size of at least 64Mi, such as 4Gi'],
    [
      ['scale', 'deploy/web', '--replicas', 'two'],
      'troupe scale: --replicas is "two"; it must be a whole number from 0 to 2147483647',
    ],
    [
      ['scale', 'deploy/web', '--replicas', '99999999999'],
      'troupe scale: --replicas is "99999999999"; it must be a whole number from 0 to 2147483647',
    ],
    [['version', '-o', 'wide'], 'troupe version: there is no output "wide"; use -o json or -o yaml'],
    [['decode', '--hex', '--base64', 'ff'], 'troupe decode: --hex and --base64 exclude each other; use one of them'],
    [['decode', '--hex', 'xyz'], 'troupe decode: "xyz" is not hex; two digits a byte'],
    [['decode', '--base64', 'a*b'], 'troupe decode: "a*b" is not base64; leave out --base64 to detect the encoding'],
    [
      ['logs', 'web-1', 'main', 'more'],
      'troupe logs: logs are read from one pod at a time; name one: web-1, or deploy/web',
    ],
    [['logs', 'node/stage'], 'troupe logs: node/stage has no pods; name a pod, a deployment or a replica set'],
    [['delete', 'pod/a', '-o', 'yaml'], 'troupe delete: there is no output "yaml"; use -o name'],
    [['delete', 'pod/a', '--wait=maybe'], 'troupe delete: --wait is "maybe"; use true or false'],
    [
      ['delete', 'pods', ''],
      'troupe delete: a name after "pods" is empty; leave it out, or check the variable that should hold it',
    ],
    [
      ['delete', '-f', 'web.yaml', 'pod', 'a'],
      'troupe delete: -f excludes kinds, names, --selector and --all; use one of them',
    ],
    [
      ['delete', '-f', 'web.yaml', '-l', 'app=web'],
      'troupe delete: -f excludes kinds, names, --selector and --all; use one of them',
    ],
    [
      ['delete', 'pods', '--all', '-l', 'app=web'],
      'troupe delete: --selector and --all exclude each other; use one of them',
    ],
    [
      ['delete', 'pod', 'a', '--force', '--grace-period', '30'],
      'troupe delete: --force means --grace-period 0; leave out one of them',
    ],
    [
      ['delete', 'pod', 'a', '--now', '--force'],
      'troupe delete: --now excludes --grace-period and --force; use one of them',
    ],
    [['delete', 'pods'], 'troupe delete: give the pods to delete: names, --selector, or --all'],
    [
      ['logs', 'web', '--since', 'yesterday'],
      'troupe logs: --since is "yesterday"; write a duration such as 30s, 5m or 1h30m',
    ],
    [
      ['logs', 'web', '--since-time', '5'],
      'troupe logs: --since-time is "5"; write a time such as 2026-01-31T12:00:00Z',
    ],
    [
      ['user', 'add', 'bob'],
      'troupe user add: give the namespaces of bob with --namespace <name>, which may be repeated',
    ],
  ])('troupe %j', async (argv, line) => {
    expect(await run(...argv)).toEqual({ code: 2, out: '', err: `${line}\n` });
  });
});

it('shows a kind in another group of its', async () => {
  api.put('events.events.k8s.io', {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { namespace: 'default', name: 'web.1' },
    regarding: { kind: 'Pod', name: 'web' },
    reason: 'Pulled',
    note: 'it was there',
    type: 'Normal',
    eventTime: '2026-01-01T00:01:00.000000Z',
  } as KubeObject);
  const { out } = await run('get', 'events.events.k8s.io');
  expect(out).toMatch(/LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n30s +Normal +Pulled +pod\/web +it was there\n/);
  expect((await run('get', 'ev.events.k8s.io', '-o', 'name')).out).toBe('event.events.k8s.io/web.1\n');
  expect((await run('get', 'events', '-o', 'name')).out).toBe('');
});

describe('a table of events', () => {
  const event = (name: string, seen: object): KubeObject =>
    ({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace: 'default', name },
      involvedObject: { kind: 'Pod', name },
      reason: name,
      ...seen,
    }) as KubeObject;
  const at = (seconds: string) => `2026-01-01T00:00:${seconds}Z`;
  const reasons = (out: string): readonly string[] => [...out.matchAll(/pod\/(\w+)/g)].map(([, name = '']) => name);
  beforeEach(() => {
    api.put('events', event('third', { lastTimestamp: at('07'), eventTime: at('07.250000') }));
    api.put('events', event('never', {}));
    api.put('events', event('fourth', { lastTimestamp: at('07'), eventTime: at('07.750000') }));
    api.put('events', event('last', { eventTime: at('01'), series: { count: 2, lastObservedTime: at('09.000000') } }));
    api.put('events', event('first', { lastTimestamp: at('02') }));
  });

  it('goes by when they were last seen; other outputs as they come', async () => {
    const sorted = ['never', 'first', 'third', 'fourth', 'last'];
    expect(reasons((await run('get', 'events')).out)).toEqual(sorted);
    expect(reasons((await run('get', 'events', '-o', 'wide', '-A')).out)).toEqual(sorted);
    expect((await run('get', 'events', '-o', 'name')).out.split('\n')[0]).toBe('event/third');
  });

  it('that is followed begins so, and goes on as they come', async () => {
    const { seen, code, interrupt } = type('get', 'events', '-w');
    await waitUntil('the first rows', 10_000, async () => reasons(seen.out).length === 5);
    await waitUntil('the watch is open', 10_000, async () => api.watchers === 1);
    api.put('events', event('late', { lastTimestamp: at('00') }));
    await waitUntil('the new row', 10_000, async () => reasons(seen.out).length === 6);
    interrupt();
    await code;
    expect(reasons(seen.out)).toEqual(['never', 'first', 'third', 'fourth', 'last', 'late']);
  });
});

it.each(['up', 'worker', 'permissions'])('%s refuses a name that no node can have', async (command) => {
  expect(await run(command, '--node', 'A b')).toEqual({
    code: 2,
    out: '',
    err: `troupe ${command}: node "A b": must be lower-case letters, digits and "-", begin and end with a letter or digit, at most 43; use "a-b", for example\n`,
  });
});

it('bytes are not written to a terminal', async () => {
  const { seen, code } = typeLine(['record', 'export', '-o', '-'], { interactive: true });
  expect(await code).toBe(2);
  expect(seen.err).toBe(
    'troupe record export: -o - writes binary data, and standard output is a terminal; use a pipe, "troupe record export -o - | gzip > incident.troupe.gz", or name a file\n',
  );
});

it('up does not begin with a runtime that there is not', async () => {
  vi.stubEnv('TROUPE_RUNTIME', 'podman');
  expect(await run('up', '--detach')).toEqual({
    code: 2,
    out: '',
    err: 'troupe up: TROUPE_RUNTIME is "podman"; use docker or simulated\n',
  });
});

describe('refusals are told in one line, with code 1', () => {
  it('no address for a master', async () => {
    vi.stubEnv('TROUPE_URL', '');
    expect(await run('master')).toEqual({
      code: 1,
      out: '',
      err: `troupe master: TROUPE_URL is not set; set it to the address of the NATS server, or run "troupe up"\n`,
    });
  });
  it('no api-server', async () => {
    await endApi();
    const { code, err } = await run('get', 'pods');
    expect(code).toBe(1);
    expect(err).toBe(
      'troupe get: no api-server is listening on troupe.api.alice.list.pods.default._; start one with "troupe up" or check TROUPE_URL\n',
    );
  });
  it('no cluster', async () => {
    vi.stubEnv('TROUPE_URL', '');
    const { code, err } = await run('get', 'pods');
    expect(code).toBe(1);
    expect(err).toMatch(/^troupe get: no cluster is known: .*start one with "troupe up".*\n$/);
  });
});

describe('apply and create', () => {
  it('refuses a manifest that is not UTF-8, and applies nothing of it', async () => {
    const path = join(folder, 'latin1.yaml');
    writeFileSync(
      path,
      Buffer.from('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: caf\xe9}\n', 'latin1'),
    );
    expect(await run('apply', '-f', path)).toEqual({
      code: 2,
      out: '',
      err: `troupe apply: ${path}: is not UTF-8; convert it, for example with "iconv -f latin1 -t utf-8"\n`,
    });
    expect(api.asked).toEqual([]);
  });
  it('says what became of each object', async () => {
    const web = manifest(
      'web.yaml',
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: other}\n',
    );
    expect(await run('apply', '-f', web)).toEqual({
      code: 0,
      out: 'deployment.apps/web created\nconfigmap/web created\n',
      err: '',
    });
    expect(await run('apply', '-f', web, '-o', 'name')).toMatchObject({ out: 'deployment.apps/web\nconfigmap/web\n' });
    expect(api.asked.slice(0, 2)).toEqual(['apply deployments default/web', 'apply configmaps other/web']);
    const configured = await run('apply', '-f', web);
    expect(configured.out).toBe('deployment.apps/web configured\nconfigmap/web configured\n');
  });
  it('warns of what an object asks for in vain, by its path', async () => {
    const probed = manifest(
      'probed.yaml',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: m, image: x, lifecycle: {preStop: {sleep: {seconds: 1}}}}], hostUsers: false}\n',
    );
    const warnings =
      'Warning: pod/a: spec.hostUsers is not acted upon yet: the pod has no user namespace of its own\n' +
      'Warning: pod/a: spec.containers[0].lifecycle is not acted upon yet: no hook runs, and its image says which signal stops it\n';
    expect(await run('create', '-f', probed)).toEqual({ code: 0, out: 'pod/a created\n', err: warnings });
    expect(await run('apply', '-f', probed, '-o', 'name')).toEqual({ code: 0, out: 'pod/a\n', err: warnings });
  });
  it('refuses kinds that are not served, by file and line, and goes on', async () => {
    const bad = manifest(
      'bad.yaml',
      'apiVersion: apps/v1\nkind: Deploymnet\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Deployment\nmetadata: {name: b}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: c}\n',
    );
    const { code, out, err } = await run('apply', '-f', bad);
    expect(code).toBe(1);
    expect(out).toBe('pod/c created\n');
    expect(err).toBe(
      `troupe apply: ${bad}:1: there is no kind "Deploymnet"; did you mean "Deployment"?\n` +
        `troupe apply: ${bad}:5: Deployment is not served in v1; write apiVersion: apps/v1\n`,
    );
  });
  it('takes an empty namespace for none, and an object of another group to that group', async () => {
    const two = manifest(
      'two.yaml',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: ""}\n---\napiVersion: events.k8s.io/v1\nkind: Event\nmetadata: {name: a.1}\n',
    );
    expect(await run('create', '-f', two)).toMatchObject({
      code: 0,
      out: 'pod/a created\nevent.events.k8s.io/a.1 created\n',
    });
    expect(api.asked).toEqual(['create pods default/', 'create events.events.k8s.io default/']);
  });
  it('refuses two namespaces for one object', async () => {
    const other = manifest('other.yaml', 'apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: x}\n');
    const { code, err } = await run('apply', '-f', other, '-n', 'y');
    expect(code).toBe(1);
    expect(err).toContain(`${other}:1: Pod "a" has namespace "x", the command line has -n "y"; leave out one of them`);
  });
});

describe('delete', () => {
  it('deletes by name, selector-free list and manifest', async () => {
    api.put('pods', pod('a'));
    api.put('pods', pod('b'));
    expect(await run('delete', 'pod', 'a')).toEqual({ code: 0, out: 'pod "a" deleted\n', err: '' });
    expect(await run('delete', 'pods', '--all')).toEqual({ code: 0, out: 'pod "b" deleted\n', err: '' });
    expect(await run('delete', 'pod', 'a')).toEqual({
      code: 1,
      out: '',
      err: 'troupe delete: pods "a" not found; see "troupe get pods"\n',
    });
    expect((await run('delete', 'pod', 'a', '--ignore-not-found')).code).toBe(0);
  });
  it('never deletes what has no name', async () => {
    api.put('pods', pod('a'));
    const nameless = manifest('nameless.yaml', 'apiVersion: v1\nkind: Pod\nmetadata: {generateName: web-}\n');
    expect(await run('delete', '-f', nameless)).toEqual({
      code: 1,
      out: '',
      err: `troupe delete: ${nameless}:1: delete needs metadata.name; generateName does not name an object\n`,
    });
    expect(api.asked).toEqual([]);
  });
  it('reports the documents of a manifest that it cannot delete, and deletes the others', async () => {
    api.put('pods', pod('a'));
    api.put('pods', pod('c'));
    const path = manifest(
      'some.yaml',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\napiVersion: apps/v1\nkind: Deploymnet\nmetadata: {name: b}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: c}\n',
    );
    expect(await run('delete', '-f', path)).toEqual({
      code: 1,
      out: 'pod "a" deleted\npod "c" deleted\n',
      err: `troupe delete: ${path}:5: there is no kind "Deploymnet"; did you mean "Deployment"?\n`,
    });
  });
  it('waits until the object is gone', async () => {
    api.put('pods', pod('slow', { metadata: { ...pod('slow').metadata, finalizers: ['example.com/wait'] } }));
    const { seen, code } = type('delete', 'pod', 'slow');
    await waitUntil('a watch', 5_000, () => api.watchers === 1);
    expect(seen.out).toBe('pod "slow" deleted\n');
    api.remove('pods', 'default', 'slow');
    expect(await code).toBe(0);
  });
  it('waits no longer than told, or not at all', async () => {
    api.put('pods', pod('slow', { metadata: { ...pod('slow').metadata, finalizers: ['example.com/wait'] } }));
    const late = await run('delete', 'pod', 'slow', '--timeout', '50ms');
    expect(late).toMatchObject({
      code: 1,
      err: 'troupe delete: pod/slow still exists after 0.05 s; its deletion continues\n',
    });
    expect((await run('delete', 'pod', 'slow', '--no-wait')).code).toBe(0);
    expect((await run('delete', '--wait=false', 'pod', 'slow')).code).toBe(0);
    expect((await run('delete', '--wait', 'pod', 'slow', '--timeout', '50ms')).code).toBe(1);
  });
  it('waits longer than one timer can', async () => {
    api.put('pods', pod('slow', { metadata: { ...pod('slow').metadata, finalizers: ['example.com/wait'] } }));
    const { code, seen } = type('delete', 'pod', 'slow', '--timeout', '60d');
    await waitUntil('it watches', 5_000, () => api.watchers > 0);
    await run('get', 'pods'); // in which time a timer that has overflowed rings
    api.remove('pods', 'default', 'slow');
    expect(await code).toBe(0);
    expect(seen.err).toBe('');
  });
});

it('scale', async () => {
  expect(await run('scale', 'deploy/web', '--replicas', '5')).toEqual({
    code: 0,
    out: 'deployment.apps/web scaled\n',
    err: '',
  });
  expect(api.asked).toEqual(['patch deployments/scale default/web']);
  expect((await run('scale', 'deploy/web', '--replicas', '5', '--current-replicas', '-1')).code).toBe(0); // however many
  const several = ['scale', 'rs/gone', 'deploy/web', '--replicas', '5'];
  expect(await run(...several, '--current-replicas', '5')).toEqual({
    code: 1,
    out: '',
    err: [
      'troupe scale: replicasets/scale "gone" not found; see "troupe get replicasets"\n',
      'troupe scale: deployments/scale "web" not found; see "troupe get deployments"\n',
    ].join(''),
  });
});

describe('logs', () => {
  it('prints the output of a pod of a deployment', async () => {
    api.put('deployments', deployment('web'));
    api.put('pods', pod('web-1'));
    api.output.push({ stream: 'stdout', time: '2026-01-01T00:00:00.000000000Z', text: 'hello' });
    expect(await run('logs', 'deploy/web')).toEqual({ code: 0, out: 'hello\n', err: '' });
    expect(await run('logs', 'web-1', '--timestamps')).toMatchObject({ out: '2026-01-01T00:00:00.000000000Z hello\n' });
    expect(await run('logs', 'web-1', '-c', 'sidecar')).toMatchObject({
      code: 1,
      err: 'troupe logs: pod "web-1" has no container "sidecar"; it has main\n',
    });
    expect(await run('logs', 'web-1', 'sidecar')).toMatchObject({ code: 1 });
    expect(await run('logs', 'web-1', 'main')).toEqual({ code: 0, out: 'hello\n', err: '' });
    expect(await run('logs', 'pod', 'web-1')).toEqual({ code: 0, out: 'hello\n', err: '' });
    expect(await run('logs', 'web-1', '--limit-bytes', '3')).toEqual({ code: 0, out: 'hel', err: '' });
    expect(await run('logs', 'web-1', '--limit-bytes', '100')).toMatchObject({ out: 'hello\n' });
    expect(await run('logs', 'web-1', '--limit-bytes', '0')).toMatchObject({ out: 'hello\n' });
    expect(await run('logs', 'web-1', '--since', '0s')).toMatchObject({ out: 'hello\n' });
    expect(await run('logs', 'web-1', '--since', '999999999d')).toMatchObject({ out: 'hello\n' });
  });
});

it('status sums up, and fails when something is wrong', async () => {
  api.put('pods', pod('a'));
  const { code, out } = await run('status');
  expect(code).toBe(1);
  expect(out).toMatch(/Cluster +nats:\/\/.* as alice\n/);
  expect(out).toMatch(/Pods +1 Pending\n/);
  expect(out).toMatch(/Problem +no node has joined; /);
  expect(JSON.parse((await run('status', '-o', 'json')).out)).toMatchObject({ pods: { Pending: 1 }, healthy: false });
});

describe('decode', () => {
  it.each([
    { why: 'hex', args: ['81a46b696e64a3506f64'], out: { kind: 'Pod' } },
    { why: 'base64', args: ['gaRraW5ko1BvZA=='], out: { kind: 'Pod' } },
    { why: 'JSON', args: ['{"kind":"Pod"}'], out: { kind: 'Pod' } },
    { why: 'YAML', args: ['kind: Pod'], out: { kind: 'Pod' } },
    {
      why: 'subject and payload',
      args: ['troupe.api.alice.get.pods=2Flog.default.web', '80'],
      out: {
        family: 'api',
        tokens: { caller: 'alice', verb: 'get', resource: 'pods/log', namespace: 'default', name: 'web' },
        body: {},
      },
    },
  ])('$why', async ({ args, out }) => {
    const got = await run('decode', ...args);
    expect(got).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(got.out)).toMatchObject(out);
  });
  it.each([
    { why: 'a segment of the journal', args: ['troupe.journal.scheduler.m1', '--hex', '544a04c1c1'] },
    {
      why: 'a recording file',
      args: ['--base64', Buffer.from('TROUPE-RECORDING\x01\xff', 'latin1').toString('base64')],
    },
  ])('of $why it says what plays it', async ({ args }) => {
    expect(await run('decode', ...args)).toMatchObject({
      code: 1,
      err: 'troupe decode: this is part of a recording, not a message; use "troupe replay"\n',
    });
  });
  it('says what is wrong with a payload', async () => {
    expect(await run('decode', '--hex', '81a4')).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /^troupe decode: decode message as application\/msgpack: .*; if the encoding was detected wrongly, give --hex, /,
      ) as string,
    });
  });
});

it('version says why it knows nothing of the server, and fails', async () => {
  vi.stubEnv('TROUPE_URL', 'nats://127.0.0.1:1');
  expect(await run('version')).toEqual({
    code: 1,
    out: expect.stringMatching(/^troupe \d.*\n$/) as string,
    err: 'troupe version: nats-server at nats://127.0.0.1:1 cannot be reached; start it with "troupe up" or check TROUPE_URL\n',
  });
  expect(await run('version', '--client', '-o', 'yaml')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^troupe: /) as string,
  });
});

it('version and help', async () => {
  for (const flag of ['--version', '-V']) {
    expect(await run(flag)).toMatchObject({ code: 0, out: expect.stringMatching(/^troupe \d+\.\d+\.\d+ /) as string });
  }
  expect(await run('version')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^troupe \d+\.\d+\.\d+ .*\nnats-server \d/) as string,
  });
  for (const argv of [[], ['--help'], ['get', '--help'], ['help', 'apply'], ['user', 'add', '--help']]) {
    const { code, out } = await run(...argv);
    expect(code).toBe(0);
    expect(out).toContain('Examples:');
  }
});

it('a home that is a file is named as such, by whoever looks into it', async () => {
  const home = join(folder, 'a-file');
  writeFileSync(home, '');
  vi.stubEnv('TROUPE_HOME', home);
  vi.stubEnv('TROUPE_URL', '');
  for (const command of ['status', 'down']) {
    const { seen, code } = typeLine([command]);
    expect([await code, seen.out]).toEqual([1, '']);
    expect(seen.err).toMatch(/^troupe (status|down): .*ENOTDIR: not a directory.*; set TROUPE_HOME to a folder\n$/);
  }
});
