import { describe, expect, it } from 'vitest'
import { admin, asUser, type Queryable, rolledBack, superuser } from '../../kit/db.ts'
import { makePerson } from '../../kit/people.ts'
import { forceTenant, makeTenant } from '../../kit/tenants.ts'
import { balanceOf, brokenPromises, consume, makeFunded, reserve } from './ledger.ts'

const changes = {
  update: `update public.credit_ledger set note = 'another' where tenant_id = $1`,
  delete: `delete from public.credit_ledger where tenant_id = $1`,
}

describe.each(Object.entries(changes))('an %s of the ledger is refused', (_what, sql) => {
  const roles = ['anon', 'authenticated', 'service_role', 'postgres'] as const
  it.each(roles)('for %s', async (role) => {
    const { id } = await makeFunded(5)
    await rolledBack(admin, async (db) => {
      await db.query(`set local role ${role}`)
      await expect(db.query(sql, [id])).rejects.toMatchObject({
        code: role === 'postgres' ? 'P0001' : '42501',
      })
    })
  })

  it('for whoever holds every grant, the superuser and a replica', async () => {
    const { id } = await makeFunded(5)
    const prepare = [
      'grant all on public.credit_ledger to service_role; set local role service_role',
      'select 1',
      'set local session_replication_role = replica',
    ]
    for (const first of prepare)
      await rolledBack(superuser, async (db) => {
        await db.query(first)
        await expect(db.query(sql, [id])).rejects.toMatchObject({ code: 'P0001' })
      })
  })
})

it('the ledger cannot be emptied', async () => {
  for (const first of ['select 1', 'set local session_replication_role = replica'])
    await rolledBack(superuser, async (db) => {
      await db.query(first)
      await expect(db.query('truncate public.credit_ledger')).rejects.toThrow(/append-only/)
    })
})

describe('an entry that moves credits as no operation does is refused', () => {
  const insert = (db: Queryable, tenant: string, values: string) =>
    db.query(
      `insert into public.credit_ledger (tenant_id, version, type, credits, credits_held, balance_after, reserved_after, actor, created_at)
       values ($1, 99, ${values}, 'x', now())`,
      [tenant],
    )
  it.each([
    ['a reservation that costs', `'reserved', -1, 1, 5, 1`],
    ['a reservation of nothing', `'reserved', 0, 0, 5, 0`],
    ['a release that holds', `'released', 0, 1, 5, 1`],
    ['a consumption that adds', `'consumed', 1, -1, 5, 0`],
    ['a top-up that takes', `'topup', -1, 0, 5, 0`],
    ['an adjustment without a note', `'adjusted', 1, 0, 5, 0`],
    ['more reserved than there is', `'topup', 1, 0, 5, 6`],
    ['a negative balance', `'expired', -1, 0, -1, 0`],
    ['a reservation that is not named', `'reserved', 0, 1, 5, 1`],
  ])('%s', async (_what, values) => {
    const { id } = await makeFunded(5)
    await expect(insert(admin, id, values)).rejects.toMatchObject({ code: '23514' })
  })

  it('and a balance below zero, or below what is reserved', async () => {
    const { id } = await makeFunded(5)
    for (const change of ['credits_available = -1', 'credits_reserved = -1', 'credits_reserved = 6'])
      await expect(
        admin.query(`update public.credit_balances set ${change} where tenant_id = $1`, [id]),
      ).rejects.toMatchObject({ code: '23514' })
  })
})

describe('nobody writes a row of credits past the functions', () => {
  it.each(['credit_balances', 'credit_lots', 'credit_periods', 'credit_reservations', 'credit_ledger'])(
    '%s',
    async (table) => {
      const owner = await makePerson()
      const tenant = await makeTenant({ owner })
      await balanceOf(tenant.id)
      for (const sql of [
        `insert into public.${table} (tenant_id) values ('${tenant.id}')`,
        `update public.${table} set tenant_id = tenant_id`,
        `delete from public.${table}`,
      ]) {
        await expect(asUser(owner.id, (db) => db.query(sql))).rejects.toMatchObject({ code: '42501' })
        await rolledBack(admin, async (db) => {
          await db.query('set local role service_role')
          await expect(db.query(sql)).rejects.toMatchObject({ code: '42501' })
        })
      }
    },
  )
})

describe('credits go with their tenant', () => {
  const rowsOf = async (tenant: string) =>
    (
      await admin.query<{ count: number }>(
        `select (select count(*) from public.credit_balances where tenant_id = $1)
           + (select count(*) from public.credit_lots where tenant_id = $1)
           + (select count(*) from public.credit_periods where tenant_id = $1)
           + (select count(*) from public.credit_reservations where tenant_id = $1)
           + (select count(*) from public.credit_ledger where tenant_id = $1) as count`,
        [tenant],
      )
    ).rows[0]!.count

  it('when its row is deleted', async () => {
    const { id } = await makeFunded(5)
    await reserve(id, 1)
    await admin.query('delete from public.tenants where id = $1', [id])
    expect(Number(await rowsOf(id))).toBe(0)
  })

  it('in the batches of a purge, however small', async () => {
    const { id } = await makeFunded(50)
    for (let n = 0; n < 5; n++) {
      const { reservation_id } = await reserve(id, 2)
      await consume(id, reservation_id!, 1)
    }
    expect(await brokenPromises(admin, id)).toEqual([])
    await forceTenant(superuser, id, `status = 'archived', archived_at = now(), purgeable_at = now()`)
    await expect(admin.query(changes.delete, [id])).rejects.toMatchObject({ code: 'P0001' })
    await admin.query('select private.begin_purge($1)', [id])
    for (let finished = false; !finished; ) {
      const { rows } = await admin.query(
        'select (private.purge_batch($1, 3)).finished_at is not null as finished',
        [id],
      )
      finished = rows[0].finished
    }
    expect(Number(await rowsOf(id))).toBe(0)
  })
})
