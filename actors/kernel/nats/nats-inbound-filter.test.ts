import { connect, headers as newHeaders } from 'nats';
import { expect, it } from 'vitest';
import { askersInbox } from '../../../contracts/subjects/inbox.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { answerToIgnored, knowsUsers, reasonToIgnore } from './nats-inbound-filter.ts';

const bytes = (text: string) => Buffer.from(text);
const status = () => Object.assign(newHeaders(100, 'Idle Heartbeat'));
const unheard = () => newHeaders(503, 'No Responders');
const copied = () => {
  const all = newHeaders();
  all.set('Nats-Stream', 'troupe-history');
  return all;
};

it.each([
  { what: 'a question', message: { data: bytes('{"a":1}'), reply: '_INBOX.bob.1' }, told: false, why: undefined },
  { what: 'a publication', message: { data: bytes('kind: Pod') }, told: false, why: undefined },
  { what: 'an empty one', message: { data: bytes(''), reply: '' }, told: false, why: undefined },
  { what: 'JSON that names a type', message: { data: bytes('{"type":"Opaque"}') }, told: false, why: undefined },
  { what: 'a change of the store', message: { data: bytes('{}'), headers: copied() }, told: true, why: undefined },
  {
    what: 'a delivery of a consumer',
    message: { data: bytes('{}'), reply: '$JS.ACK.s.c.1.2.3.4.5' },
    told: false,
    why: /is no inbox/,
  },
  {
    what: "a question whose answer would be somebody's request",
    message: { data: bytes('{}'), reply: 'troupe.api.master.delete.pods.a.b' },
    told: false,
    why: /is no inbox/,
  },
  { what: 'a heartbeat', message: { data: bytes(''), headers: status() }, told: false, why: /status/ },
  {
    what: 'that nobody listens',
    message: { data: bytes(''), headers: unheard() },
    told: false,
    why: /no subscriber is left/,
  },
  { what: 'a heartbeat among changes', message: { data: bytes(''), headers: status() }, told: true, why: /status/ },
  { what: 'a direct get', message: { data: bytes('{}'), headers: copied() }, told: false, why: /stored message/ },
  {
    what: "JetStream's answer",
    message: { data: bytes('{"type":"io.nats.jetstream.api.v1.account_info_response"}') },
    told: false,
    why: /answer/,
  },
  {
    what: "a stream's acknowledgement",
    message: { data: bytes('{"stream":"KV_troupe-leases","seq":185}') },
    told: false,
    why: /answer/,
  },
  {
    what: 'an acknowledgement with an error',
    message: { data: bytes('{"error":{"code":503,"err_code":10077},"stream":"KV_troupe-objects","seq":0}') },
    told: false,
    why: /answer/,
  },
  { what: 'JSON that names a stream', message: { data: bytes('{"stream":"brook"}') }, told: false, why: undefined },
])('the door lets in what is said to an actor and nothing that the server says: $what', ({ message, told, why }) => {
  const found = reasonToIgnore({ subject: 'troupe.api.bob.get.pods.a.b', ...message }, { told });
  if (why === undefined) expect(found).toBeUndefined();
  else expect(found).toMatch(why);
});

const GET = 'troupe.api.alice.get.pods.team-a.web';
it.each([
  { what: 'her own', subject: GET, reply: '_INBOX.alice.1.2', mayCome: true },
  { what: 'none', subject: GET, reply: undefined, mayCome: true },
  { what: "another's", subject: GET, reply: '_INBOX.operator.1', mayCome: false },
  { what: 'one that begins alike', subject: GET, reply: '_INBOX.alice-2.1', mayCome: false },
  { what: 'her prefix alone', subject: GET, reply: '_INBOX.alice', mayCome: false },
  { what: "one of a client's own making", subject: GET, reply: '_INBOX.fHuEBN1ZkXrXGpzvXV0rY8.1', mayCome: false },
  {
    what: "another's, too many tokens",
    subject: 'troupe.api.alice.get.pods.team-a.w.e.b',
    reply: '_INBOX.bob.1',
    mayCome: false,
  },
  { what: "another's, the caller alone", subject: 'troupe.api.alice', reply: '_INBOX.bob.1', mayCome: false },
  { what: 'hers, the caller alone', subject: 'troupe.api.alice', reply: '_INBOX.alice.1', mayCome: true },
  { what: 'that of an escaped name', subject: 'troupe.api.a=2Eb.get.pods.x.y', reply: '_INBOX.a=2Eb.1', mayCome: true },
  { what: 'one that is its beginning', subject: 'troupe.api.a=2Eb.get.pods.x.y', reply: '_INBOX.a.1', mayCome: false },
])('who is known is answered in inboxes of its own alone: $what', ({ subject, reply, mayCome }) => {
  const isAskers = askersInbox(SUBJECTS.api, 'troupe');
  const found = reasonToIgnore({ subject, data: bytes('{}'), reply }, { told: false, isAskers });
  expect(found === undefined).toBe(mayCome);
});

it.each(Object.entries(SUBJECTS))(
  'who asks is said by subjects that carry the caller, and are asked: %s',
  (name, family) => {
    expect(askersInbox(family, 'troupe') !== undefined).toBe(
      ['api', 'edge', 'apply', 'dispatch', 'runtime'].includes(name),
    );
  },
);

it.each([
  { what: 'a copy', why: copied(), reply: undefined, answered: false },
  { what: 'a request that looks like a copy', why: copied(), reply: '_INBOX.alice.1', answered: true },
  { what: 'a status of a consumer', why: status(), reply: '_INBOX.alice.1', answered: false },
])('only a client is answered that its request is taken for a copy: $what', ({ why: headers, reply, answered }) => {
  const message = { subject: GET, data: bytes('{}'), reply, headers };
  const why = reasonToIgnore(message, { told: false, isAskers: askersInbox(SUBJECTS.api, 'troupe') }) ?? '';
  expect(why).not.toBe('');
  expect(answerToIgnored(message, why)?.code).toBe(answered ? 400 : undefined);
});

const KEY = 'UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4';
it.each([
  { broker: 'without users', config: '', known: false },
  { broker: 'with passwords', config: 'authorization { users = [{ user: u, password: p }] }', known: true },
  {
    broker: 'with keys that lets in who has none',
    config: `authorization { users = [{ nkey: ${KEY} }, { user: u, password: p }] }\nno_auth_user: u`,
    known: true,
  },
])('a broker $broker knows who publishes: $known', async ({ config, known }) => {
  const server = await startNatsServer({ config });
  const connection = await connect({
    servers: server.url,
    ...(config.includes('no_auth') ? {} : { user: 'u', pass: 'p' }),
  });
  expect(knowsUsers(connection)).toBe(known);
  await connection.close();
  await server.stop();
});
