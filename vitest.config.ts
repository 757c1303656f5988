import process from 'node:process'
import { defineConfig } from 'vitest/config'
import { findPgBouncer } from './stack/processes/binaries.ts'

/** Tests of what the functions answer. They pass in the same way behind a pooler, as on a hosted project. */
const overHttp = [
  'test/{audit,auth,branding,client,http,registry,usage}/**/*.test.ts',
  'test/webhooks/{deliveries,endpoints,event-types,events,polling,replays,stats}/**/*.test.ts',
  'test/{lists,routes}.test.ts',
]

function hasPgBouncer(): boolean {
  try {
    return Boolean(findPgBouncer())
  } catch (thrown) {
    // In CI nothing is left out.
    if (process.env.CI) throw thrown
    console.warn('PgBouncer is not installed: the tests behind a pooler are left out.')
    return false
  }
}

const direct = { name: 'direct', include: ['test/**/*.test.ts'], sequence: { groupOrder: 0 } }
const pooled = { name: 'pooled', include: overHttp, sequence: { groupOrder: 1 } }

export default defineConfig({
  test: {
    // The functions log a line for every request.
    silent: 'passed-only',
    projects: (hasPgBouncer() ? [direct, pooled] : [direct]).map((test) => ({
      extends: true,
      test: {
        ...test,
        // One stack for all files of a project; each test file makes tenants of its own in it.
        globalSetup: ['test/kit/global-stack.ts'],
        pool: 'forks',
        maxWorkers: 2,
        testTimeout: 30_000,
        hookTimeout: 60_000,
      },
    })),
  },
})
