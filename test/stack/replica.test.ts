import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connected } from '../../stack/database/connected.ts'
import { eventually } from '../kit/eventually.ts'
import { type BootedStack, bootStack } from '../kit/stack.ts'

let stack: BootedStack
beforeAll(async () => {
  stack = await bootStack({ args: ['--replica', '--functions', 'usage'] })
})
afterAll(() => stack?.stop())

/** Asks a server as the superuser: the database, or its standby. */
const ask = async (port: string | undefined, text: string) => {
  const url = new URL(stack.access.admin_db_url)
  if (port) url.port = port
  return connected(url.href, async (db) => (await db.query<{ value: unknown }>(text)).rows[0]?.value)
}

it('a standby follows the database, and reports are read there', async () => {
  const file = join(stack.access.data_dir, 'replica', 'postgres', 'postmaster.pid')
  const port = (await readFile(file, 'utf8')).split('\n')[3]
  expect(await ask(undefined, 'select state as value from pg_stat_replication')).toBe('streaming')
  expect(await ask(undefined, 'select count(*)::int as value from pg_replication_slots')).toBe(0)
  expect(await ask(port, 'select pg_is_in_recovery() as value')).toBe(true)

  const { api_url, publishable_key: apikey, coaches } = stack.access
  const { email, password, tenant_slug } = coaches[0]!
  const signedIn = await fetch(`${api_url}/auth/v1/token?grant_type=password`, {
    ...{ method: 'POST', body: JSON.stringify({ email, password }) },
    headers: { apikey, 'content-type': 'application/json' },
  })
  const { access_token } = (await signedIn.json()) as { access_token: string }
  await eventually(async () => {
    const report = await fetch(`${api_url}/functions/v1/usage/meters`, {
      headers: { apikey, authorization: `Bearer ${access_token}`, 'x-tenant': tenant_slug },
    })
    expect(report.status).toBe(200)
    const connections = `select count(*)::int as value from pg_stat_activity
      where usename = 'postgres' and backend_type = 'client backend'`
    expect(await ask(port, connections)).toBeGreaterThan(0)
  })
})
