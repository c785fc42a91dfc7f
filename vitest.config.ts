import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{contracts,actors,runtime-adapters,ops,test}/**/*.test.ts'],
    setupFiles: ['test/support/nats-server.setup.ts', 'test/support/recordings.setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
