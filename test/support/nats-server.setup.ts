import { beforeAll, expect } from 'vitest';
import { findNatsServer } from '../../ops/boot/nats/find-nats-server.ts';
import { endServersLeft } from './servers-left.ts';

/* Set-up may have put nats-server into the home of whoever runs the tests; tests have homes of their own. */
try {
  process.env['TROUPE_NATS_SERVER'] ??= findNatsServer().path;
} catch {
  // who needs one says what is missing
}

/* What the first of all `beforeAll` returns runs last of all that a file does. */
beforeAll(() => async () => {
  const left = await endServersLeft();
  expect(left.length, `this file of tests never stopped what it started:\n${left.join('\n')}`).toBe(0);
});
