import { findNatsServer } from '../../ops/boot/find-nats-server.ts';

/* Set-up may have put nats-server into the home of whoever runs the tests; tests have homes of their own. */
try {
  process.env['TROUPE_NATS_SERVER'] ??= findNatsServer().path;
} catch {
  // who needs one says what is missing
}
