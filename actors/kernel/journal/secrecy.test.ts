import { expect, it } from 'vitest';
import { encode, JSON_TYPE, MSGPACK_TYPE, YAML_TYPE } from '../../../contracts/codec/codec.ts';
import type { Rec, Said } from '../contract.ts';
import type { Outgoing } from '../turns/outgoing.ts';
import { holdsSecret, Secrecy, Subjects, surelyNoSecret } from './secrecy.ts';

const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'db' }, stringData: { password: 'x' } };
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'Secret' },
  spec: {
    imagePullSecrets: [{ name: 'registry' }],
    containers: [{ name: 'a', env: [{ name: 'Secret', valueFrom: { secretKeyRef: { name: 'db', key: 'p' } } }] }],
  },
};
const types = [JSON_TYPE, YAML_TYPE, MSGPACK_TYPE] as const;

it.each(types)('an object of kind Secret is found at any depth, and only such: %s', (type) => {
  expect(holdsSecret(encode(secret, type))).toBe(true);
  expect(holdsSecret(encode({ type: 'ADDED', object: secret }, type))).toBe(true);
  expect(holdsSecret(encode({ kind: 'SecretList', items: [] }, type))).toBe(true);
  expect(holdsSecret(encode({ kind: 'List', items: [pod, secret] }, type))).toBe(true);
  expect(holdsSecret(encode(pod, type))).toBe(false);
  expect(holdsSecret(encode({ kind: 'SecretProviderClass' }, type))).toBe(false);
  expect(holdsSecret(encode({ message: 'Secret "db" was not found' }, type))).toBe(false);
});

it('nothing shorter than the field and the word side by side can hold one', () => {
  expect(holdsSecret(Buffer.from('kindSecret'))).toBe(true);
  expect(holdsSecret(Buffer.from('indSecret'))).toBe(false);
});

it.each([
  { manifest: 'kind: Pod\nspec: { imagePullSecrets: [] }', open: true },
  { manifest: 'kind: Secret', open: false },
  { manifest: 'a: &k Secret\nkind: *k', open: false },
  { manifest: '"kind": "Sec\\x72et"', open: false },
  { manifest: '{"kind":"\\u0053ecret"}', open: false },
  { manifest: 'kind: Pod\n---\nkind: SecretList', open: false },
  { manifest: 'kind: secret\nstringData: { password: x }', open: false },
  { manifest: 'kind: Secrets\nstringData: { password: x }', open: false },
  { manifest: '{"kind":"Secert","stringData":{"password":"x"}}', open: false },
  { manifest: 'kidn: secret\nstringData: { password: x }', open: false },
  { manifest: 'apiVersion: v1\nstringData: { password: x }', open: false },
  { manifest: 'kind: ConfigMap\n---\napiVersion: v1\nstringData: { password: x }', open: false },
  { manifest: '? kind\n: Secrte\n', open: false },
  { manifest: '{"kind":"List","items":[{"kind":"ConfigMap"},{"stringData":{"password":"x"}}]}', open: false },
  { manifest: 'metadata: { ownerReferences: [{ kind: ReplicaSet }] }\ndata: { password: eA== }', open: false },
  { manifest: '# kind: ConfigMap\ndata: { password: eA== }', open: false },
  { manifest: 'kind: ConfigMap\n...\ndata: { password: eA== }', open: false },
  { manifest: 'kind: "ConfigMap Secert"\ndata: { password: eA== }', open: false },
  { manifest: 'kind: Pod#x\ndata: { password: eA== }', open: false },
  { manifest: 'kind: ConfigMap\nstringData: { password: x }', open: false },
  { manifest: 'kind: ConfigMap\ndata: { text: "kind: Secret" }', open: false },
  { manifest: 'kind: [', open: false },
  { manifest: '---\nkind: ConfigMap\n---\nkind: List\nitems: [{ kind: "Pod" }]\n', open: true },
  { manifest: '{"kind": "Pod", "spec": {"volumes": [{"secret": {"secretName": "db"}}]}}', open: true },
])('a manifest is kept as it is only when no Secret can be in it: $manifest', ({ manifest, open }) => {
  expect(surelyNoSecret(Buffer.from(manifest))).toBe(open);
});

it.each<{ subject: string; prefix?: string; carries: boolean }>([
  { subject: 'troupe.api.me.get.secrets.default.db', carries: true },
  { subject: 'two.tokens.api.me.patch.secrets=2Fstatus.default.db', prefix: 'two.tokens', carries: true },
  { subject: 'troupe.apply.me._', carries: true },
  { subject: 'troupe.api.me.patch.secret.default.db', carries: true },
  { subject: 'troupe.api.me.patch.Secrets.default.db', carries: true },
  { subject: 'troupe.api.me.patch.=73ecrets.default.db', carries: true },
  { subject: 'troupe.api.me.patch.secrets.default.my.secret', carries: true },
  { subject: 'troupe.api.me.patch.secrets.default', carries: true },
  { subject: 'troupe.api.me.ptach.secrets.default.db', carries: true },
  { subject: 'troupe.api.me.patch.pods.default.my.secret', carries: true },
  { subject: 'troupe.api.me.create.secerts.default._', carries: true },
  { subject: 'troupe.api.me.get.secerts.default.db', carries: false },
  { subject: 'my.api.api.me.update.pods=2Fstatus.default.web', prefix: 'my.api', carries: false },
  { subject: 'my.api.api.me.update.secrets.default.db', prefix: 'my.api', carries: true },
  { subject: 'my.api.node.n1.pods', prefix: 'my.api', carries: false },
  { subject: 'troupe.api.me.update.events=2Eevents=2Ek8s=2Eio.default.e', carries: false },
  { subject: 'troupe.api.me.apply.pods.default.web', carries: false },
  { subject: 'troupe.api.secrets.get.pods.default.web', carries: false },
  { subject: 'troupe.node.n1.pods', carries: false },
])('$subject carries secrets: $carries', ({ subject, prefix = 'troupe', carries }) => {
  expect(new Subjects(prefix).carrySecrets(subject)).toBe(carries);
});

const call = (subject: string, body: unknown, id = 'c1'): Rec => ({
  t: 'call',
  id,
  subject,
  headers: { 'Troupe-Reply': '_INBOX.me.1' },
  body: encode(body, MSGPACK_TYPE),
});
const answer = (ask: string, result: unknown): Rec => ({ t: 'answer', ask, result: encode(result, MSGPACK_TYPE) });
const out = (id: string, said: Said, timeoutMs?: number): Outgoing => ({
  id,
  said,
  bytes: encode(said.body, MSGPACK_TYPE),
  contentType: MSGPACK_TYPE,
  digest: 0n,
  hash: '',
  ...(timeoutMs === undefined ? {} : { timeoutMs }),
});
const put = (id: string, body: unknown): Outgoing =>
  out(id, { kind: 'port', say: 'put', subject: 'store.put', body }, 1_000);
const reply = (id: string, body: unknown): Outgoing =>
  out(id, { kind: 'reply', say: 'reply', subject: '_INBOX.me.1', body, call: 'c1' });

/** A turn as the keeper has it judged. */
const judge = (secrecy: Secrecy, rec: Rec, said: readonly Outgoing[]) => ({
  sealed: secrecy.heard(rec),
  open: said.map((one) => secrecy.mayBeKept(one)),
});

it('what follows from a secret is kept no more than the secret: what is asked because of it, and its answer', () => {
  const secrecy = new Secrecy('troupe');
  expect(judge(secrecy, call('troupe.apply.me._', secret), [put('1.0', { key: 'pods.a.b' })])).toEqual({
    sealed: true,
    open: [false],
  });
  expect(secrecy.idle).toBe(false);
  const outcome = out('2.0', { kind: 'publish', say: 'tell', subject: 'troupe.outcome.me', body: 'bad value x' });
  const answered = judge(secrecy, answer('1.0', { revision: 3 }), [outcome, reply('2.1', { done: true })]);
  expect(answered).toEqual({ sealed: false, open: [false, false] });
  expect(secrecy.idle).toBe(true);
  expect(judge(secrecy, call('troupe.api.me.get.pods.a.b', {}, 'c2'), [reply('3.0', pod)]).open).toEqual([true]);
});

it('the answer of a request that a checkpoint holds is sealed as it would have been before; marks of other requests end there', () => {
  const secrecy = new Secrecy('troupe');
  const read = (id: string): Outgoing =>
    out(id, { kind: 'request', say: 'get', subject: 'troupe.api.me.get.secrets.a.b', body: {} }, 600_000);
  expect(judge(secrecy, call('troupe.api.me.get.pods.a.b', {}), [read('1.0'), read('1.1')]).open).toEqual([
    false,
    false,
  ]);
  const asks = [{ id: '1.0', request: '', until: 600_000, timeoutMs: 600_000 }];
  const checkpoint = { turn: 1, now: 0, view: { objects: 0 }, cells: {}, random: 0, window: 0, asks };
  expect(secrecy.heard({ t: 'start', checkpoint } as unknown as Rec)).toBe(false);
  expect(secrecy.heard(answer('1.0', 'a word'))).toBe(true);
  expect(secrecy.heard(answer('1.1', 'a word'))).toBe(false);
});

it('a question that says nothing leads nowhere', () => {
  const secrecy = new Secrecy('troupe');
  const fresh = out('1.0', { kind: 'port', say: 'fresh', subject: 'store.fresh', body: {} }, 1_000);
  expect(judge(secrecy, call('troupe.apply.me._', secret), [fresh]).open).toEqual([false]);
  const other = { ...reply('2.0', pod), said: { ...reply('2.0', pod).said, call: 'of-somebody-else' } };
  expect(judge(secrecy, answer('1.0', { revision: 3 }), [other, reply('2.1', {})]).open).toEqual([true, false]);
});

it('a manifest without a Secret is recorded as it is, and so is what it leads to', () => {
  const secrecy = new Secrecy('troupe');
  expect(judge(secrecy, call('troupe.apply.me._', { kind: 'Pod' }), [put('1.0', { key: 'pods.a.b' })])).toEqual({
    sealed: false,
    open: [true],
  });
  expect(secrecy.idle).toBe(true);
});

it('a Secret where nobody expects one is sealed by what it is', () => {
  const secrecy = new Secrecy('troupe');
  expect(judge(secrecy, call('troupe.api.me.create.pods.default._', secret), []).sealed).toBe(true);
  expect(judge(secrecy, { t: 'due' }, [put('2.0', { object: secret })]).open).toEqual([false]);
  expect(judge(secrecy, answer('9.9', secret), []).sealed).toBe(true);
  const cells = { held: { object: secret } };
  const checkpoint = { turn: 3, now: 0, view: {}, cells, random: [], window: 0 };
  expect(judge(secrecy, { t: 'start', checkpoint }, []).sealed).toBe(true);
});

it('a very large manifest is not looked through', () => {
  const yaml = (bytes: number): Buffer => Buffer.from(`kind: ConfigMap\n#${'x'.repeat(bytes)}\n`);
  expect([surelyNoSecret(yaml(7_000)), surelyNoSecret(yaml(9_000))]).toEqual([true, false]);
  const json = (bytes: number): Buffer => Buffer.from(`{"kind":"ConfigMap","data":{"a":"${'x'.repeat(bytes)}"}}`);
  expect([surelyNoSecret(json(500_000)), surelyNoSecret(json(600_000))]).toEqual([true, false]);
});

it('a manifest in MessagePack is kept as it is only when all in it is of a kind that is known, and no Secret', () => {
  const packed = (value: unknown): Uint8Array => encode(value, MSGPACK_TYPE);
  expect(surelyNoSecret(packed(pod))).toBe(true);
  expect(surelyNoSecret(packed({ kind: 'List', items: [pod] }))).toBe(true);
  expect(surelyNoSecret(packed({ kind: 'List', items: [pod, secret] }))).toBe(false);
  expect(surelyNoSecret(packed({ ...secret, kind: 'secret' }))).toBe(false);
  expect(surelyNoSecret(packed({ kind: 'List', items: [{ ...secret, kind: 'Secrets' }] }))).toBe(false);
  expect(surelyNoSecret(Uint8Array.of(0xc1, 0xff))).toBe(false);
});

it.each(['{"kind":"\\u0053ecret"}', '{"\\u006bind":"Secret"}', 'kind: "S\\x65cret"'])(
  'letters that are escaped hide nothing: %s',
  (text) => {
    const heard = { ...call('troupe.api.me.update.configmaps.default.a', {}), body: Buffer.from(text) } as Rec;
    expect(judge(new Secrecy('troupe'), heard, []).sealed).toBe(true);
    const harmless = { ...heard, body: Buffer.from('{"data":{"a":"\\u003c\\n\\"\\u00e9"}}') } as Rec;
    expect(judge(new Secrecy('troupe'), harmless, []).sealed).toBe(false);
  },
);

it('the answer to a question about secrets is sealed whatever it holds', () => {
  const secrecy = new Secrecy('troupe');
  const ask = { kind: 'request', say: 'get', subject: 'troupe.api.me.get.secrets.a.b', body: {} } as const;
  expect(judge(secrecy, { t: 'due' }, [out('1.0', ask, 1_000)]).open).toEqual([false]);
  expect(judge(secrecy, answer('1.0', { data: { password: 'eA==' } }), []).sealed).toBe(true);
});

const heardOn = (subject: string, body: Uint8Array): boolean =>
  judge(new Secrecy('troupe'), { ...call(subject, {}), body } as Rec, []).sealed;

it.each([
  'kind: secret\nstringData: { password: x }',
  'stringData: { password: x }',
  'kind: !!str Secret\ndata: { password: eA== }',
  'a: &k Secret\nkind: *k\ndata: { password: eA== }',
  'kind: # of what\n  Secret\ndata: { password: eA== }',
  `kind: ${' '.repeat(40)}Secret\ndata: { password: eA== }`,
  '\ufeff{"kind":"\\u0053ecret","data":{"password":"eA=="}}',
  '\ufeff{"d\\u0061ta":{"password":"eA=="}}',
  '{ "kind" : "secret", "data" : { "password": "eA==" } }',
])('a Secret in disguise on the subject of another resource is sealed: %s', (text) => {
  for (const resource of ['configmaps', 'pods'])
    expect(heardOn(`troupe.api.me.update.${resource}.default.a`, Buffer.from(text))).toBe(true);
});

it.each(types)('and so it is in any encoding: %s', (type) => {
  const { stringData, ...rest } = secret;
  for (const body of [
    { ...secret, kind: 'secret' },
    { metadata: rest.metadata, stringData },
    { ...rest, kind: 'Secrets', data: { password: 'eA==' } },
  ]) {
    expect(heardOn('troupe.api.me.update.configmaps.default.a', encode(body, type))).toBe(true);
    expect(heardOn('troupe.api.me.apply.deployments.default.a', encode(body, type))).toBe(true);
  }
  expect(heardOn('troupe.api.me.patch.pods.default.a', encode({ data: { password: 'eA==' } }, type))).toBe(true);
});

it.each(types)('what is usually said about other resources is not: %s', (type) => {
  const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { 'app.yaml': 'kind: App' } };
  const owners = [{ kind: 'Deployment', name: 'a', uid: 'u' }];
  const volumes = [{ name: 'data', emptyDir: {} }];
  const data = {
    kind: 'Pod',
    metadata: {},
    spec: { containers: [{ volumeMounts: [{ name: 'data', mountPath: '/data' }] }], volumes },
  };
  for (const [resource, body] of [
    ['configmaps', config],
    ['configmaps', { data: { colour: 'red' } }],
    ['configmaps', { metadata: { ownerReferences: owners } }],
    ['pods', pod],
    ['pods', data],
    ['pods=2Fstatus', { metadata: { uid: 'u' }, status: { phase: 'Running' } }],
  ] as const)
    expect(heardOn(`troupe.api.me.patch.${resource}.default.a`, encode(body, type))).toBe(false);
  expect(heardOn('troupe.node.n1.pods', encode({ configMaps: [config] }, type))).toBe(false);
});
