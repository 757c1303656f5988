import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { type Claims, callerDb, closeConnections } from '../../../lib/db/index.ts'
import { exportTenant } from '../../../lib/registry/index.ts'
import { admin as pool, superuser } from '../../kit/db.ts'
import { eventually } from '../../kit/eventually.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { linesOf } from './lines.ts'

process.env.SUPABASE_DB_URL = inject('stack').db_url
vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 })
afterAll(closeConnections)

describe('a large export', () => {
  /** How many connections an export has: told from others, which run meanwhile, by when it began. */
  const connectionsOf = async (takenAt: string, then = '') =>
    (
      await superuser.query(
        `select ${then} from pg_stat_activity where date_trunc('milliseconds', xact_start) = $1 and pid <> pg_backend_pid()`,
        [takenAt],
      )
    ).rowCount

  let owner: Person
  let tenant: Tenant
  beforeAll(async () => {
    owner = await makePerson()
    tenant = await makeTenant({ owner })
    // Without triggers, which would take a minute to record and tell that each was made.
    await superuser.query(`
      begin;
      set local session_replication_role = replica;
      insert into public.campaigns (tenant_id, name) select '${tenant.id}', repeat('x', 200) from generate_series(1, 30000);
      commit`)
  })
  const start = ({ id, ref_id: refId, slug } = tenant) => {
    const claims: Claims = { role: 'authenticated', sub: owner.id }
    return exportTenant(callerDb(claims), claims, { id, refId, slug })
  }

  /** An export whose header has been read. */
  const begin = async () => {
    const reader = (await start()).getReader()
    const header = new TextDecoder().decode((await reader.read()).value)
    return { reader, header, takenAt: linesOf(header)[0]!.header!.taken_at }
  }

  it('holds one page, waits for its reader, and shows one moment however long that takes', async () => {
    const { reader, header, takenAt } = await begin()
    const decoder = new TextDecoder()
    let text = header
    let largest = 0
    let chunks = 0
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      largest = Math.max(largest, value.length)
      text += decoder.decode(value, { stream: true })
      chunks++
      if (chunks !== 12) continue
      // What happens meanwhile belongs to the next export.
      await pool.query(`insert into public.campaigns (tenant_id, name) values ($1, 'Later')`, [tenant.id])
      // Long enough to have sent it all, had it not waited.
      await new Promise((resolve) => setTimeout(resolve, 1000))
      expect(await connectionsOf(takenAt)).toBe(1)
    }
    expect(largest).toBeLessThan(1_100_000)
    expect(chunks).toBeGreaterThan(30)
    const lines = linesOf(text)
    expect(lines.at(-1)?.trailer?.tables).toMatchObject({ campaigns: 30_000 })
    expect(lines.filter(({ table }) => table === 'campaigns').length).toBe(30_000)
    expect(text).not.toContain('Later')
    await eventually(async () => expect(await connectionsOf(takenAt)).toBe(0))
  })

  it('ends at once when its reader goes away', async () => {
    const { reader, takenAt } = await begin()
    expect(await connectionsOf(takenAt)).toBe(1)
    await reader.cancel()
    await eventually(async () => expect(await connectionsOf(takenAt)).toBe(0))
  })

  it('breaks off without a trailer when its connection dies', async () => {
    const { reader, takenAt } = await begin()
    expect(await connectionsOf(takenAt, 'pg_terminate_backend(pid)')).toBe(1)
    const rest = async () => {
      for (;;) if ((await reader.read()).done) return
    }
    await expect(rest()).rejects.toThrow()
  })

  it('is one of three at most, and a fourth is told to come back', async () => {
    const others = await Promise.all([1, 2, 3].map(() => makeTenant({ owner })))
    const readers = await Promise.all(others.map((other) => start(other)))
    await expect(start()).rejects.toMatchObject({ code: 'unavailable', headers: { 'retry-after': '30' } })
    await Promise.all(readers.map((readable) => readable.cancel()))
    // A slot is free again as soon as its reader is noticed to be gone.
    await eventually(async () => (await start()).cancel())
  })
})
