import type { TestProject } from 'vitest/node'
import { connected } from '../../stack/database/connected.ts'
import { watchStarters } from '../../stack/processes/starter.ts'
import { startDohServer } from './servers/doh-server.ts'
import { bootStack, type StackAccess } from './stack.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    stack: StackAccess
    /** The resolver that the stack's functions ask. */
    doh_url: string
  }
}

/** Boots the one stack that all test files of a project share, in a folder of its own, and stops it after the last. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // The stacks end with whoever started the run, and without them no test has anything to say.
  watchStarters(() => process.exit(1))
  const doh = await startDohServer()
  const stack = await bootStack({
    env: { TENANTRY_DOH_URL: doh.url },
    args: project.name === 'pooled' ? ['--pooler'] : [],
    ...(process.env.TENANTRY_TEST_ROOT && { root: process.env.TENANTRY_TEST_ROOT }),
  })
  // Nobody cuts the power of these stacks, so no commit has to wait until the disk has it.
  await connected(stack.access.admin_db_url, async (db) => {
    await db.query('alter system set fsync = off')
    await db.query('alter system set full_page_writes = off')
    await db.query('select pg_reload_conf()')
  })
  project.provide('stack', stack.access)
  project.provide('doh_url', doh.url)
  return async () => {
    await stack.stop()
    await doh.stop()
  }
}
