import { expect, it } from 'vitest';
import { parseControl, parseSessionRequest } from './parse-session-request.ts';

const EXEC = { kind: 'exec', container: 'main', command: ['ls'], stdin: true, size: { width: 80, height: 24 } };
const REQUEST = { id: 'i', caller: 'alice', namespace: 'default', pod: 'web', podUid: 'u', work: EXEC };
const FORWARD = { kind: 'portforward', ports: [80] };

it.each([REQUEST, { ...REQUEST, work: FORWARD }, { ...REQUEST, work: { ...EXEC, command: ['echo', ''] } }])(
  'takes %j',
  (body) => {
    expect(parseSessionRequest(body)).toEqual(body);
  },
);

it.each([
  undefined,
  null,
  [],
  'text',
  {},
  ...Object.keys(REQUEST).map((name) => ({ ...REQUEST, [name]: undefined })),
  { ...REQUEST, id: 5 },
  ...[
    { ...EXEC, kind: 'attach' },
    { ...EXEC, container: '' },
    { ...EXEC, command: [] },
    { ...EXEC, command: 'ls' },
    { ...EXEC, command: ['ls', 1] },
    { ...EXEC, stdin: 'yes' },
    { ...EXEC, size: { width: -1, height: 1 } },
    { ...EXEC, size: 80 },
    { ...FORWARD, ports: [] },
    { ...FORWARD, ports: [0] },
    { ...FORWARD, ports: [65_536] },
    { ...FORWARD, ports: ['80'] },
  ].map((work) => ({ ...REQUEST, work })),
])('refuses %j', (body) => {
  expect(() => parseSessionRequest(body)).toThrow(/^open a session: the request must have/);
});

it.each([{}, { taken: { stdin: 5 }, sent: {} }, { size: { width: 1, height: 1 } }, { close: true }])(
  'takes the control %j',
  (body) => {
    expect(parseControl(body)).toEqual(body);
  },
);

it.each([undefined, [], { taken: 5 }, { taken: { stdin: -1 } }, { sent: { a: 1.5 } }, { size: {} }, { close: 1 }])(
  'refuses the control %j',
  (body) => {
    expect(() => parseControl(body)).toThrow('the message must be a SessionControl');
  },
);
