import { headers as newHeaders } from 'nats';
import { expect, it } from 'vitest';
import { refusedAtDoor } from './nats-door.ts';

const bytes = (text: string) => Buffer.from(text);
const status = () => Object.assign(newHeaders(100, 'Idle Heartbeat'));
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
  { what: 'a heartbeat among changes', message: { data: bytes(''), headers: status() }, told: true, why: /status/ },
  { what: 'a direct get', message: { data: bytes('{}'), headers: copied() }, told: false, why: /stored message/ },
  {
    what: "JetStream's answer",
    message: { data: bytes('{"type":"io.nats.jetstream.api.v1.account_info_response"}') },
    told: false,
    why: /answer/,
  },
])('the door lets in what is said to an actor and nothing that the server says: $what', ({ message, told, why }) => {
  const found = refusedAtDoor(message, told);
  if (why === undefined) expect(found).toBeUndefined();
  else expect(found).toMatch(why);
});
