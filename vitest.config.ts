import { readdirSync } from 'node:fs'
import process from 'node:process'
import { globSync } from 'tinyglobby'
import { defineConfig } from 'vitest/config'
import { findPgBouncer } from './stack/processes/binaries.ts'

const functions = readdirSync('functions', { withFileTypes: true }).filter((entry) => entry.isDirectory())

/** Tests of what the functions answer. They run behind a pooler, as the functions of a hosted project do. */
const overHttp = {
  include: [
    `test/{audit,auth,client,http,${functions.map(({ name }) => name).join(',')}}/**/*.test.ts`,
    'test/{lists,routes}.test.ts',
  ],
  exclude: [
    // The queue inside the database, and who sends.
    'test/webhooks/{*.test.ts,dispatch/**,queue/**,signing-secrets/**}',
    // Straight to the database, for a minute.
    'test/usage/{calls/properties,credits/properties,credits/crash,payments/histories}.test.ts',
    // What these take time for, an installation and waits for what has to end, has no connection to a database in it.
    'test/client/package.test.ts',
    'test/branding/page/renames.test.ts',
    'test/registry/export/stalled-reader.test.ts',
  ],
}
/** Those of them that run without a pooler too: who is let in, by every route, and what a connection does. */
const bothWays = ['test/auth/**/*.test.ts', 'test/http/{caller,enter}.test.ts', 'test/routes.test.ts']

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

// Only lib/db knows of the pooler, so a test of what a function answers runs once. Without PgBouncer it runs directly.
const isPooled = hasPgBouncer()
const direct = {
  name: 'direct',
  include: ['test/**/*.test.ts'],
  exclude: isPooled ? onlyPooled() : [],
  sequence: { groupOrder: 0 },
}
const pooled = { name: 'pooled', ...overHttp, sequence: { groupOrder: 1 } }

function onlyPooled(): string[] {
  const without = new Set([...overHttp.exclude, ...bothWays].flatMap((pattern) => globSync(pattern)))
  return overHttp.include.flatMap((pattern) => globSync(pattern)).filter((file) => !without.has(file))
}

export default defineConfig({
  test: {
    // The functions log a line for every request.
    silent: 'passed-only',
    projects: (isPooled ? [direct, pooled] : [direct]).map((test) => ({
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
