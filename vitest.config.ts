import { readdirSync } from 'node:fs'
import process from 'node:process'
import { globSync } from 'tinyglobby'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { findPgBouncer } from './stack/processes/binaries.ts'

const functions = readdirSync('functions', { withFileTypes: true }).filter((entry) => entry.isDirectory())

/**
 * Tests of what the functions answer, and of the pages that ask them. They run behind a pooler, as the functions of a hosted
 * project do.
 */
const overHttp = {
  include: [
    'test/{console,web}/**/*.test.ts',
    `test/{audit,auth,client,http,${functions.map(({ name }) => name).join(',')}}/**/*.test.ts`,
    'test/{lists,routes}.test.ts',
  ],
  exclude: [
    // The queue inside the database, and who sends.
    'test/webhooks/{*.test.ts,dispatch/**,queue/**,signing-secrets/**}',
    // Straight to the database, for a minute.
    'test/usage/{crash,calls/properties,credits/properties,payments/histories}.test.ts',
    'test/onboarding/checkout/{histories,kill}.test.ts',
    // What these take time for, an installation and waits for what has to end, has no connection to a database in it.
    'test/client/package.test.ts',
    'test/branding/page/renames.test.ts',
    'test/registry/export/stalled-reader.test.ts',
  ],
}
/** Those of them that run without a pooler too: who is let in, and what a connection does. */
const bothWays = [
  'test/auth/{credentials,verify-jwt}.test.ts',
  'test/auth/api-keys/allowance.test.ts',
  'test/http/{caller,enter}.test.ts',
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

// Only lib/db knows of the pooler, so a test of what a function answers runs once. Without PgBouncer it runs directly.
const isPooled = process.env.TENANTRY_TEST_POOLER !== 'none' && hasPgBouncer()
const direct = { name: 'direct', include: ['test/**/*.test.ts'], exclude: isPooled ? onlyPooled() : [] }
const pooled = { name: 'pooled', ...overHttp }

function onlyPooled(): string[] {
  const without = new Set([...overHttp.exclude, ...bothWays].flatMap((pattern) => globSync(pattern)))
  return overHttp.include.flatMap((pattern) => globSync(pattern)).filter((file) => !without.has(file))
}

/** Those that take longest, or wait longest, the longest first. Begun last, one of them would run on alone at the end. */
const longest = [
  'new',
  'isolation/mutations',
  'onboarding/checkout/histories',
  'stack/strays',
  'release/next-release',
  'bounds',
  'stack/boot',
  'console/brand',
  'console/operator',
  'console/webhooks',
  'usage/payments/histories',
  'tour',
  'usage/calls/properties',
  'usage/credits/properties',
  'stack/extensions/cron-runs',
  'registry/export/stalled-reader',
  'client/package',
  'webhooks/queue/model/model',
  'stack/pooler',
  'stack/root-only',
  'webhooks/queue/tenant-queues',
  'stack/crash',
].map((name) => `/test/${name}.test.ts`)

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // The others project by project, because a worker that goes on with the same project has read its modules.
    const place = ({ moduleId, project }: TestSpecification) => {
      const at = longest.findIndex((name) => moduleId.endsWith(name))
      return at < 0 ? longest.length + Number(project.name === pooled.name) : at
    }
    return (await super.sort(files)).toSorted((one, other) => place(one) - place(other))
  }
}

export default defineConfig({
  test: {
    // The functions log a line for every request.
    silent: 'passed-only',
    sequence: { sequencer: LongestFirst },
    projects: (isPooled ? [direct, pooled] : [direct]).map((test) => ({
      extends: true,
      test: {
        ...test,
        // One stack for all files of a project; each test file makes tenants of its own in it.
        globalSetup: ['test/kit/global-stack.ts'],
        pool: 'forks',
        // Behind the pooler a worker reads the modules of the project once, and not for each file.
        isolate: test.name !== pooled.name,
        // One more than two processors have work for, because many tests wait for what takes its time.
        maxWorkers: 3,
        // Against what never ends. No test is about time by the clock of a busy machine.
        testTimeout: 120_000,
        hookTimeout: 120_000,
        expect: { poll: { timeout: 90_000 } },
      },
    })),
  },
})
