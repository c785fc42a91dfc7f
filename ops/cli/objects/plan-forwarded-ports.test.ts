import { expect, it } from 'vitest';
import { planForwardedPort } from './plan-forwarded-ports.ts';

it.each([
  { text: '8080', is: { local: 8080, remote: 8080 } },
  { text: '8080:80', is: { local: 8080, remote: 80 } },
  { text: ':80', is: { local: 0, remote: 80 } },
  { text: '0:80', is: { local: 0, remote: 80 } },
])('$text', ({ text, is }) => {
  expect(planForwardedPort(text)).toEqual(is);
});

it.each(['', 'http', '80:', '0', '65536', '1:65536', '65536:1', '-1', '1:2:3', '80:http'])('%j is no port', (text) => {
  expect(planForwardedPort(text)).toEqual({ problem: expect.stringContaining(`"${text}" is no port`) as string });
});
