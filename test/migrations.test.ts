import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { fingerprint } from '../stack/database/fingerprint.ts'
import { connected, makeDatabase, type OwnDatabase } from './kit/own-database.ts'
import { runSupabase } from './kit/supabase-cli.ts'

// A busy machine makes these slow, not wrong.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const files = readdirSync(new URL('../supabase/migrations', import.meta.url)).sort()
const push = (url: string) => runSupabase(['db', 'push', '--yes', '--include-all'], url)

describe('migrations, pushed by the supabase CLI', () => {
  let own: OwnDatabase
  let first: string[] = []

  beforeAll(async () => {
    own = await makeDatabase(inject('stack'))
  })
  afterAll(() => own?.drop())

  it('are named for the moment, the domain and what they make', () => {
    for (const name of files) expect(name).toMatch(/^\d{14}_[a-z]+(_[a-z]+)*\.sql$/)
    expect(new Set(files.map((name) => name.slice(0, 14))).size).toBe(files.length)
  })

  it('apply to an empty database as postgres, who is no superuser', async () => {
    const who = await connected(own.url, (db) =>
      db.query('select rolname, rolsuper from pg_roles where rolname = current_user'),
    )
    expect(who.rows).toEqual([{ rolname: 'postgres', rolsuper: false }])

    const { code, stderr } = await push(own.url)
    expect(stderr).not.toContain('ERROR')
    expect(code).toBe(0)
    first = await fingerprint(own.adminUrl)
    expect(first.length).toBeGreaterThan(500)
  })

  it('are all recorded', async () => {
    const { rows } = await connected(own.url, (db) =>
      db.query<{ name: string }>(
        `select version || '_' || name || '.sql' as name from supabase_migrations.schema_migrations order by version`,
      ),
    )
    expect(rows.map((row) => row.name)).toEqual(files)
  })

  it('change nothing when pushed again', async () => {
    const { code, stdout, stderr } = await push(own.url)
    expect(code).toBe(0)
    expect(`${stdout}${stderr}`).toMatch(/up to date/i)
    expect(await fingerprint(own.adminUrl)).toEqual(first)
  })

  it('are what the running stack has, grant for grant, after it has served requests', async () => {
    const { api_url, publishable_key, admin_db_url } = inject('stack')
    await fetch(`${api_url}/rest/v1/tenants`, { headers: { apikey: publishable_key } })
    // The platform adds prices of models while it runs.
    const isAdded = (line: string) =>
      line.includes('privileges_') ||
      (line.startsWith('row of public.model_prices: ') && !first.includes(line))
    expect((await fingerprint(admin_db_url)).filter((line) => !isAdded(line))).toEqual(first)
  })
})
