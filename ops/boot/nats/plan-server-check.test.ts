import { expect, it } from 'vitest';
import { checkServer } from './plan-server-check.ts';

const URL = 'nats://10.0.0.1:4222';

it.each([
  { why: 'as tested', version: '2.15.1', bytes: 8 << 20, says: { warnings: [] } },
  { why: 'a build of somebody, as tested', version: '2.16.0-dev', bytes: 2 << 20, says: { warnings: [] } },
  {
    why: 'too old',
    version: '2.11.9',
    bytes: 1 << 20,
    says: {
      refusal: `nats-server at ${URL} is 2.11.9, older than 2.12.6; run 2.15.0 or newer there`,
      warnings: [],
    },
  },
  {
    why: 'older than tested',
    version: '2.12.7',
    bytes: 8 << 20,
    says: { warnings: [`nats-server at ${URL} is 2.12.7; Troupe is tested with 2.15.0`] },
  },
  {
    why: 'with its default size of messages',
    version: '2.15.0',
    bytes: 1 << 20,
    says: {
      warnings: [
        `nats-server at ${URL} accepts messages of at most 1.0 MiB, and objects may have 1.5 MiB; set max_payload to 8MB there, as in the output of "troupe permissions"`,
      ],
    },
  },
])('a server $why', ({ version, bytes, says }) => {
  expect(checkServer({ version, max_payload: bytes }, URL)).toEqual(says);
});
