import { describe, expect, it } from 'vitest';
import { encodeMsgpack } from '../../../contracts/codec/codec.ts';
import { bytesOf, decodeMessage, readSubject } from './decode-message.ts';

const packed = encodeMsgpack({ kind: 'Pod' });

describe('a message in any form', () => {
  it.each([
    { why: 'hex', given: bytesOf(Buffer.from(packed).toString('hex'), 'guess') },
    {
      why: 'hex with 0x and spaces',
      given: bytesOf(`0x${Buffer.from(packed).toString('hex').replaceAll(/(..)/g, '$1 ')}`, 'guess'),
    },
    { why: 'base64', given: bytesOf(Buffer.from(packed).toString('base64'), 'base64') },
    { why: 'as it comes', given: packed },
    { why: 'with the line feed that the nats command adds', given: Uint8Array.from([...packed, 0x0a]) },
    { why: 'JSON with a line feed', given: new TextEncoder().encode('{"kind":"Pod"}\n') },
    { why: 'YAML', given: bytesOf('kind: Pod\n', 'guess') },
  ])('$why', ({ given }) => {
    expect(decodeMessage(given).documents).toEqual([{ kind: 'Pod' }]);
  });

  it('a payload that ends in 0x0a by itself keeps it', () => {
    expect(decodeMessage(encodeMsgpack({ n: 10 })).documents).toEqual([{ n: 10 }]);
  });
});

it('a subject is read token by token', () => {
  expect(readSubject('troupe.api.alice.get.pods=2Flog.default.web')).toMatchObject({
    family: 'api',
    tokens: { caller: 'alice', verb: 'get', resource: 'pods/log', namespace: 'default', name: 'web' },
  });
  expect(readSubject('troupe.nonsense')).toBeUndefined();
});
