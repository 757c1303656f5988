import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { type Claims, closeConnections, type Db, enterAsCaller, sql } from '../../lib/db/index.ts'
import { databaseSettings } from '../../lib/db/settings.ts'
import { admin } from '../kit/db.ts'
import { makePerson } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'

let tenant: Tenant
let claims: Claims
const transactionId = sql`select txid_current()::text as id, current_setting('role') as role`
type Seen = { id: string; role: string }

beforeAll(async () => {
  vi.stubEnv('SUPABASE_DB_URL', inject('stack').db_url)
  tenant = await makeTenant()
  const person = await makePerson()
  await admin.query(`insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, 'owner')`, [
    tenant.id,
    person.id,
  ])
  claims = { role: 'authenticated', sub: person.id }
})

afterAll(async () => {
  await closeConnections()
  vi.unstubAllEnvs()
})

async function enter(): Promise<{ first: string; db: Db; leave: () => void }> {
  const { rows, db, leave } = await enterAsCaller<Seen>(claims, transactionId)
  return { first: rows[0]!.id, db, leave }
}

describe('a request that enters as a caller', () => {
  it('runs its first statement in the transaction of the check', async () => {
    const { first, db } = await enter()
    const [seen] = await db.query<Seen>(transactionId)
    expect(seen).toEqual({ id: first, role: 'authenticated' })
  })

  it('runs its first transaction there too, and each later one in another', async () => {
    const { first, db } = await enter()
    const ids: string[] = []
    for (let count = 0; count < 2; count++) {
      await db.transaction(async (tx) => {
        for (const _ of [1, 2]) ids.push((await tx.one<Seen>(transactionId)).id)
      })
    }
    expect(ids.slice(0, 2)).toEqual([first, first])
    expect(ids[2]).toBe(ids[3])
    expect(ids[2]).not.toBe(first)
  })

  it('gives two statements at once a transaction each, as the same caller', async () => {
    const { first, db } = await enter()
    const seen = await Promise.all([1, 2].map(() => db.one<Seen>(transactionId)))
    expect(seen.map(({ role }) => role)).toEqual(['authenticated', 'authenticated'])
    expect(new Set(seen.map(({ id }) => id)).size).toBe(2)
    expect(seen.map(({ id }) => id)).toContain(first)
  })

  it.each([
    ['when nothing comes for 50 ms', async () => {}],
    ['at once when it leaves', async (leave: () => void) => leave()],
  ])('ends its transaction %s, and can still run statements', async (what, end) => {
    const { first, db, leave } = await enter()
    await end(leave)
    await sleep(what.includes('50') ? 200 : 20)
    const { rows } = await admin.query(
      `select from pg_stat_activity where application_name = 'tenantry-functions' and state like 'idle in transaction%'
       and pid in (select pid from pg_stat_activity where backend_xid::text = $1)`,
      [first],
    )
    expect(rows).toHaveLength(0)
    expect(await db.one<Seen>(transactionId)).toMatchObject({ role: 'authenticated' })
  })

  it('fails like any statement, keeps nothing, and its connection serves the next', async () => {
    const { db } = await enter()
    await expect(db.query(sql`select 1 / 0`)).rejects.toThrow()
    const next = await enter()
    await expect(
      next.db.transaction(async (tx) => {
        await tx.query(sql`update public.tenants set name = 'Changed' where id = ${tenant.id}`)
        await tx.query(sql`select 1 / 0`)
      }),
    ).rejects.toThrow()
    const { rows } = await admin.query('select name from public.tenants where id = $1', [tenant.id])
    expect(rows[0].name).not.toBe('Changed')
  })

  it('commits what its first statement writes', async () => {
    const { db } = await enter()
    await db.query(sql`update public.tenants set name = 'Written' where id = ${tenant.id}`)
    const { rows } = await admin.query('select name from public.tenants where id = $1', [tenant.id])
    expect(rows[0].name).toBe('Written')
  })

  it('is refused before anything else runs, and holds no connection', async () => {
    for (let count = 0; count < 30; count++) {
      const attempt = enterAsCaller(claims, sql`select private.require_permission(gen_random_uuid(), 'read')`)
      await expect(attempt).rejects.toMatchObject({ code: 'tenant_not_found' })
    }
    expect(await (await enter()).db.one<Seen>(transactionId)).toMatchObject({ role: 'authenticated' })
  })
})

describe('the settings of the database', () => {
  const direct = { SUPABASE_DB_URL: 'postgresql://direct' }
  it.each([
    ['the direct connection', direct, { url: 'postgresql://direct', isPooled: false, keepsStatements: true }],
    [
      'the pooler, which wins',
      { ...direct, TENANTRY_DB_URL: 'postgresql://pooler' },
      { url: 'postgresql://pooler', isPooled: true, keepsStatements: false },
    ],
    [
      'a pooler that keeps prepared statements',
      { TENANTRY_DB_URL: 'postgresql://pooler', TENANTRY_DB_PREPARED_STATEMENTS: 'true' },
      { isPooled: true, keepsStatements: true },
    ],
    ['the number of connections', { ...direct, TENANTRY_DB_CONNECTIONS: '3' }, { connections: 3 }],
  ])('name %s', (_what, environment, expected) => {
    expect(databaseSettings(environment)).toMatchObject(expected)
  })

  it.each([
    ['no database at all', {}, /Neither TENANTRY_DB_URL nor SUPABASE_DB_URL/],
    ...['0', '-1', '1.5', 'many', '1000'].map((count): [string, Record<string, string>, RegExp] => [
      `${count} connections`,
      { ...direct, TENANTRY_DB_CONNECTIONS: count },
      /whole number from 1 to 200/,
    ]),
  ])('refuse %s', (_what, environment, message) => {
    expect(() => databaseSettings(environment)).toThrow(message)
  })
})
