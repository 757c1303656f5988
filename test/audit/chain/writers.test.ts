import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { superuser as db } from '../../kit/db.ts'
import { freshSlug, makeTenant, type Tenant } from '../../kit/tenants.ts'
import { chainLength, findBreak } from './find-break.ts'

let pool: pg.Pool
let tenant: Tenant
beforeAll(async () => {
  pool = new pg.Pool({ connectionString: inject('stack').db_url, max: 8 })
  tenant = await makeTenant()
})
afterAll(() => pool?.end())

describe('writers at once', () => {
  it('leave one chain, without a gap or a fork', async () => {
    const busy = await makeTenant()
    const before = await chainLength(db, busy.id)
    const write = async (writer: number) => {
      for (let n = 0; n < 25; n++)
        await pool.query('insert into public.campaigns (tenant_id, name) values ($1, $2)', [
          busy.id,
          `${writer}.${n}`,
        ])
    }
    await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)))
    expect(await chainLength(db, busy.id)).toBe(before + 200)
    expect(await findBreak(db, busy.id)).toEqual({
      problem: null,
      break_seq: null,
      last_seq: String(before + 200),
    })
  })

  it('on two tenants in opposite order do not deadlock', async () => {
    const [a, b] = [await makeTenant(), await makeTenant()]
    const insert = 'insert into public.campaigns (tenant_id, name) values ($1, $2)'
    const write = async (first: Tenant, second: Tenant) => {
      const client = await pool.connect()
      try {
        for (let n = 0; n < 40; n++) {
          await client.query('begin')
          await client.query(insert, [first.id, freshSlug()])
          await client.query(insert, [second.id, freshSlug()])
          await client.query('commit')
        }
      } finally {
        client.release()
      }
    }
    await Promise.all([write(a, b), write(b, a), write(a, b), write(b, a)])
    for (const { id } of [a, b]) expect(await findBreak(db, id)).toMatchObject({ problem: null })
  })

  it('that hold each other up only for the moment of the commit', async () => {
    const slow = await pool.connect()
    await slow.query('begin')
    await slow.query(`insert into public.campaigns (tenant_id, name) values ($1, 'slow')`, [tenant.id])
    await pool.query(`insert into public.campaigns (tenant_id, name) values ($1, 'quick')`, [tenant.id])
    await slow.query('commit')
    slow.release()
    const { rows } = await db.query(
      `select target_name from public.audit_log where tenant_id = $1 and target_name in ('slow', 'quick') order by seq`,
      [tenant.id],
    )
    expect(rows.map((row) => row.target_name)).toEqual(['quick', 'slow'])
  })

  it('that are rolled back, or to a savepoint, leave nothing', async () => {
    const before = await chainLength(db, tenant.id)
    const client = await pool.connect()
    await client.query('begin')
    await client.query('savepoint s')
    await client.query(`insert into public.campaigns (tenant_id, name) values ($1, 'undone')`, [tenant.id])
    await client.query('rollback to savepoint s')
    await client.query(`insert into public.campaigns (tenant_id, name) values ($1, 'done')`, [tenant.id])
    await client.query('commit')
    await client.query('begin')
    await client.query(`insert into public.campaigns (tenant_id, name) values ($1, 'undone')`, [tenant.id])
    await client.query('rollback')
    client.release()
    expect(await chainLength(db, tenant.id)).toBe(before + 1)
    expect(
      (await db.query('select from private.audit_pending where tenant_id = $1', [tenant.id])).rowCount,
    ).toBe(0)
    expect(await findBreak(db, tenant.id)).toMatchObject({ problem: null })
  })
})
