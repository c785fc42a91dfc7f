#!/usr/bin/env node
// The launcher of the command line. Plain JavaScript, so that it runs before anything is built.
import { existsSync } from 'node:fs';

const main = new URL('../../dist/ops/cli/main.js', import.meta.url);
if (existsSync(main)) {
  const { main: run } = await import(main.href);
  process.exitCode = await run(process.argv.slice(2));
  // What a failed command left open, such as a connection to a server that does not answer, must not keep the process alive.
  if (process.exitCode !== 0) setTimeout(() => process.exit(), 1_000).unref();
} else {
  console.error('troupe: not built yet; run `npm start`, or `npm ci && npm run build`');
  process.exitCode = 1;
}
