import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // One stack for the whole run; each test file makes tenants of its own in it.
    globalSetup: ['test/kit/global-stack.ts'],
    // The functions log a line for every request.
    silent: 'passed-only',
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
