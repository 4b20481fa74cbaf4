import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'threads',
    // Nothing waits for anything: each test keeps a core busy.
    maxWorkers: '100%',
    testTimeout: 120_000,
  },
});
