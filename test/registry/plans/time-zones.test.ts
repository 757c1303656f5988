import { beforeAll, describe, expect, it } from 'vitest'
import { call, problemOf } from '../../kit/call.ts'
import { admin, type Queryable, rolledBack, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

let owner: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})
const patch = (time_zone: unknown) =>
  call(`/registry/tenants/${tenant.slug}`, { method: 'PATCH', token: owner.token, body: { time_zone } })

describe('a time zone', () => {
  it.each(['Europe/Zurich', 'Asia/Kolkata', 'America/Argentina/Buenos_Aires', 'UTC'])(
    'is %s',
    async (name) => {
      const answer = await patch(name)
      expect(await answer.json()).toMatchObject({ time_zone: name })
    },
  )
  it.each([
    'Europe/Nowhere',
    'europe/zurich',
    'CEST+1',
    '+02:00',
    'posix/Europe/Zurich',
    'localtime',
    'x'.repeat(64),
  ])('is not %s', async (name) => {
    expect(await problemOf(await patch(name))).toEqual({
      status: 422,
      code: 'invalid_value',
      pointers: ['/time_zone'],
    })
  })
  it.each([[''], [null], [7], ['x'.repeat(65)]])('is not %j', async (value) => {
    expect(await problemOf(await patch(value))).toMatchObject({
      code: 'invalid_body',
      pointers: ['/time_zone'],
    })
  })
})

describe('a monthly limit', () => {
  const setZone = (db: Queryable, zone: string) =>
    db.query('update public.tenants set time_zone = $2 where id = $1', [tenant.id, zone])
  const state = async (db: Queryable) =>
    (await db.query(`select used::int, resets_at from private.find_limit($1, 'participants')`, [tenant.id]))
      .rows[0]
  const take = (db: Queryable) => db.query(`select private.count_places($1, 'participants', 1)`, [tenant.id])

  it.each(['UTC', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Europe/Zurich'])(
    'starts again when the month starts in %s',
    (zone) =>
      rolledBack(superuser, async (db) => {
        await setZone(db, zone)
        const { rows } = await db.query(
          `select date_trunc('month', now() at time zone $1) + interval '1 month' as next, now() as now`,
          [zone],
        )
        const { rows: expected } = await db.query(`select $1::timestamp at time zone $2 as at`, [
          rows[0].next,
          zone,
        ])
        expect((await state(db)).resets_at).toEqual(expected[0].at)
      }),
  )
  it('counts what was made this month, and nothing of the month before', () =>
    rolledBack(superuser, async (db) => {
      await take(db)
      await take(db)
      expect((await state(db)).used).toBe(2)
      await db.query(
        `update private.tenant_counts set period_at = period_at - interval '1 month' where tenant_id = $1`,
        [tenant.id],
      )
      expect((await state(db)).used).toBe(0)
      await take(db)
      expect((await state(db)).used).toBe(1)
    }))
  it('is not started again by moving to another zone, there and back', () =>
    rolledBack(admin, async (db) => {
      await take(db)
      for (const zone of ['Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Pacific/Kiritimati', 'UTC']) {
        await setZone(db, zone)
        await take(db)
      }
      expect((await state(db)).used).toBe(5)
    }))
})
