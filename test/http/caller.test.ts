import { randomUUID } from 'node:crypto'
import net from 'node:net'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { admin, asCaller, type Claims, callerDb, closeConnections, sql } from '../../lib/db/index.ts'
import { createApp } from '../../lib/http/index.ts'
import { admin as setup } from '../kit/db.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import './declared-problems.ts'

process.env.SUPABASE_DB_URL = inject('stack').db_url

let owner: Person
let tenant: Tenant
let claims: Claims
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
  await makeTenant({ owner: await makePerson() })
  claims = { role: 'authenticated', sub: owner.id }
})
afterAll(closeConnections)

describe('SQL runs as the caller', () => {
  it('who sees what row level security shows them', async () => {
    const seen = await callerDb(claims).query<{ id: string }>(sql`select id from public.tenants`)
    expect(seen).toEqual([{ id: tenant.id }])
  })
  it('under their role and id', async () => {
    const [seen] = await asCaller(claims, (db) =>
      db.query(sql`select current_user as role, auth.uid() as id`),
    )
    expect(seen).toEqual({ role: 'authenticated', id: owner.id })
  })
  it('and leaves nothing of them on the connection', async () => {
    for (let n = 0; n < 20; n++) {
      await asCaller(claims, (db) => db.query(sql`select 1`)).catch(() => {})
      await asCaller(claims, (db) => db.query(sql`select 1 / 0`)).catch(() => {})
      const [after] = await admin.query(
        sql`select current_user as role, coalesce(current_setting('request.jwt.claims', true), '') as claims`,
      )
      expect(after).toEqual({ role: 'postgres', claims: '' })
    }
  })
  it('whatever their claims hold', async () => {
    const email = `'; drop table x; -- "${randomUUID()}\\`
    const [seen] = await asCaller({ ...claims, email } as Claims, (db) =>
      db.query<{ email: string }>(
        sql`select current_setting('request.jwt.claims')::json ->> 'email' as email`,
      ),
    )
    expect(seen?.email).toBe(email)
  })
})

describe('a transaction', () => {
  it('is undone when its work fails', async () => {
    const attempt = admin.transaction(async (db) => {
      await db.query(sql`update public.tenants set name = 'Undone' where id = ${tenant.id}`)
      throw new Error('no')
    })
    await expect(attempt).rejects.toThrow('no')
    expect(await admin.query(sql`select name from public.tenants where id = ${tenant.id}`)).toEqual([
      { name: tenant.slug },
    ])
  })
  it('does not pass for done when a failed statement was swallowed', async () => {
    const attempt = admin.transaction((db) => db.query(sql`select 1 / 0`).catch(() => []))
    await expect(attempt).rejects.toThrow('rolled back')
  })
  it('is run again after a deadlock, and both sides get through', async () => {
    const other = await makeTenant({ owner })
    const rename = (first: string, second: string) =>
      admin.transaction(async (db) => {
        await db.query(sql`update public.tenants set name = name || '+' where id = ${first}`)
        await new Promise((resolve) => setTimeout(resolve, 300))
        await db.query(sql`update public.tenants set name = name || '+' where id = ${second}`)
      })
    await Promise.all([rename(tenant.id, other.id), rename(other.id, tenant.id)])
    const { rows } = await setup.query('select name from public.tenants where id = any ($1)', [
      [tenant.id, other.id],
    ])
    expect(rows.map(({ name }) => name.endsWith('++'))).toEqual([true, true])
  })
})

describe('what the database refuses', () => {
  it.each([
    [
      '23505',
      sql`insert into public.plans (plan, name, price_minor) values ('trial', 'x', 0)`,
      'conflict',
      409,
    ],
    [
      '23503',
      sql`insert into public.tenant_slugs (slug, tenant_id) values ('nobodys', gen_random_uuid())`,
      'conflict',
      409,
    ],
    [
      '23514',
      sql`insert into public.plans (plan, name, price_minor) values ('x1', 'x', -1)`,
      'invalid_value',
      422,
    ],
    ['22P02', sql`select ${'x'}::uuid`, 'invalid_value', 422],
    ['57014', sql`select set_config('statement_timeout', '10', true), pg_sleep(1)`, 'timeout', 504],
  ])('%s becomes a problem', async (_state, statement, code, status) => {
    const attempt = admin.transaction(async (db) => {
      if (code === 'timeout') await db.query(sql`set local statement_timeout = 20`)
      return db.query(statement)
    })
    await expect(attempt).rejects.toMatchObject({ code, status })
  })
  it('42501 becomes forbidden, for a table the caller has no grant on', async () => {
    const attempt = callerDb(claims).query(sql`insert into public.tenants (slug, name) values ('x', 'x')`)
    await expect(attempt).rejects.toMatchObject({ code: 'forbidden', status: 403 })
  })
  it('PTxyz keeps its code, its sentence and its fields', async () => {
    const attempt = admin.query(sql`select private.require_slug('No')`)
    await expect(attempt).rejects.toMatchObject({
      code: 'slug_invalid',
      status: 422,
      errors: [{ pointer: '/slug', detail: 'is not a slug' }],
    })
  })
  it('names the field a constraint is about', async () => {
    const attempt = admin.query(
      sql`update public.tenant_brands set website_url = 'javascript:alert(1)' where tenant_id = ${tenant.id}`,
    )
    await expect(attempt).rejects.toMatchObject({
      code: 'invalid_value',
      errors: [{ pointer: '/website_url' }],
    })
  })
  it('what nobody foresaw stays what it was', async () => {
    await expect(admin.query(sql`select * from nowhere.nothing`)).rejects.toMatchObject({ code: '42P01' })
  })
})

describe('a database that is gone', () => {
  const withUrl = async (url: string, run: () => Promise<void>) => {
    await closeConnections()
    process.env.SUPABASE_DB_URL = url
    try {
      await run()
    } finally {
      await closeConnections()
      process.env.SUPABASE_DB_URL = inject('stack').db_url
    }
  }
  it('is "unavailable" with a time to wait, when nobody listens', () =>
    withUrl('postgres://postgres:x@127.0.0.1:9/postgres', async () => {
      await expect(admin.query(sql`select 1`)).rejects.toMatchObject({
        code: 'unavailable',
        status: 503,
        headers: { 'retry-after': '2' },
      })
      await expect(asCaller(claims, (db) => db.query(sql`select 1`))).rejects.toMatchObject({
        code: 'unavailable',
      })
      const health = await createApp('test').request('/test/health')
      expect(health.status).toBe(503)
      expect(health.headers.get('retry-after')).toBe('2')
    }))
  it('is "unavailable" when it accepts and never answers', async () => {
    const silent = net.createServer((socket) => void socket.on('error', () => {}))
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const address = silent.address() as net.AddressInfo
    await withUrl(`postgres://postgres:x@127.0.0.1:${address.port}/postgres`, async () => {
      await expect(admin.query(sql`select 1`)).rejects.toMatchObject({ code: 'unavailable' })
    })
    silent.close()
  })
  it('is "unavailable" when it ends the connection in the middle of a statement, and is used again after', async () => {
    const victim = admin.transaction(async (db) => {
      const [me] = await db.query<{ pid: number }>(sql`select pg_backend_pid() as pid`)
      await Promise.all([
        db.query(sql`select pg_sleep(5)`),
        setup.query('select pg_terminate_backend($1)', [me?.pid]),
      ])
    })
    await expect(victim).rejects.toMatchObject({ code: 'unavailable' })
    expect(await admin.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
  })
})
