import { configDefaults, defineConfig } from 'vitest/config';

/** Files that change modules for themselves, or measure what the engine makes of them: no other file shares them. */
const ALONE = ['test/properties/report/writeReports.test.ts', 'test/bench/**/*.test.ts'];

export default defineConfig({
  test: {
    pool: 'threads',
    // Nothing waits for anything: each test keeps a core busy.
    maxWorkers: '100%',
    testTimeout: 120_000,
    // Nothing of ours keeps anything from one run to the next (the determinism suite sees to that), so files share the modules of
    // their worker: what a file loads and the engine compiles serves all after it, which halves the time of most.
    projects: [
      { extends: true, test: { name: 'tests', include: ['test/**/*.test.ts'], isolate: false, exclude: [...configDefaults.exclude, ...ALONE] } },
      { extends: true, test: { name: 'alone', include: ALONE } },
    ],
  },
});
