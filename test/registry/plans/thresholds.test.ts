import { beforeAll, describe, expect, it } from 'vitest'
import { admin, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import type { Tenant } from '../../kit/tenants.ts'
import { attempts } from './attempts.ts'
import { readGates, readPlans } from './register.ts'
import { asOwner, makeRoom, refusalOf } from './room.ts'

const limits = await readGates('limit')
const features = await readGates('feature')
const plans = await readPlans()

let owner: Person
let reviewers: Person[]
beforeAll(async () => {
  owner = await makePerson()
  reviewers = await Promise.all(Array.from({ length: 5 }, () => makePerson()))
})

describe.each(limits)('the limit $gate', ({ gate }) => {
  const most = 2
  // The owner is a member and has the first place.
  const free = ['members', 'bot_tenants'].includes(gate) ? most - 1 : most
  const plan = `probe_told_${gate}`
  // A plan for a time is offered to nobody, in the tests that run meanwhile neither.
  beforeAll(async () => {
    await superuser.query(
      `insert into public.plans (plan, name, price_minor, trial_days, features, limits) values ($1, 'Probe', 1, 1, $2, $3)
       on conflict (plan) do update set limits = excluded.limits`,
      [plan, features.map((one) => one.gate), JSON.stringify({ [gate]: most })],
    )
    return async () => {
      await superuser.query(`update public.tenants set plan = 'enterprise' where plan = $1`, [plan])
      await superuser.query('delete from public.plans where plan = $1', [plan])
    }
  })
  const take = (tenant: Tenant, n: number) =>
    refusalOf(asOwner(owner, (db) => attempts[gate]!(db, tenant.id, n)))

  const announced = async ({ id }: Tenant) => {
    const { rows } = await admin.query<{ data: { limit: string; percent: number } }>(
      `select payload::json -> 'data' as data from public.webhook_events
       where tenant_id = $1 and type = 'limit.threshold_reached' order by id`,
      [id],
    )
    return rows.flatMap(({ data }) => (data.limit === gate ? [data.percent] : []))
  }

  it('says once that half, 80 percent and all of it are used, when it commits', async () => {
    const tenant = await makeRoom(owner, reviewers, plan)
    await asOwner(owner, async (db) => {
      await attempts[gate]!(db, tenant.id, 0)
      expect(await announced(tenant)).toEqual([])
      await db.query('rollback')
    })
    expect(await announced(tenant)).toEqual([])
    // Asked at once, and one of them in vain.
    await Promise.all(Array.from({ length: free + 1 }, (_, n) => take(tenant, n)))
    expect(await take(tenant, free + 2)).toMatchObject({ code: 'PT402', message: 'limit_reached' })
    expect(await announced(tenant)).toEqual([50, 80, 100])
    // What the platform adds is told of by cron, and this was told.
    await admin.query('select private.count_places($1, $2, 1)', [tenant.id, gate])
    await admin.query('select private.note_threshold($1, $2, $3)', [tenant.id, gate, most + 1])
    expect(await announced(tenant)).toEqual([50, 80, 100])
  })

  it('says so again in another month, and of another number', async () => {
    const tenant = await makeRoom(owner, reviewers, plan)
    for (let n = 0; n < free; n++) await take(tenant, n)
    const note = (used: number) =>
      admin.query('select private.note_threshold($1, $2, $3)', [tenant.id, gate, used])
    await admin.query(
      `update private.tenant_counts set announced_at = announced_at - interval '1 month' where tenant_id = $1`,
      [tenant.id],
    )
    // The events of this month carry its name, and none is told twice.
    await note(most / 2)
    expect(await announced(tenant)).toEqual([50, 80, 100])
    await forgetEvents(tenant)
    await admin.query(
      `update private.tenant_counts set announced_at = announced_at - interval '1 month' where tenant_id = $1`,
      [tenant.id],
    )
    await note(most / 2)
    await note(most / 2)
    expect(await announced(tenant)).toEqual([50])
    await admin.query(`update public.tenants set plan = 'enterprise' where id = $1`, [tenant.id])
    const larger = plans.find((one) => one.plan === 'enterprise')!.limits[gate]!
    await note(larger / 2 - 1)
    await note(larger / 2)
    await note(larger / 2 + 1)
    expect(await announced(tenant)).toEqual([50, 50])
  })
})

/** The dispatcher is at work with them, and takes its locks in another order than a plain delete. So one of the two may have to begin again. */
async function forgetEvents({ id }: Tenant): Promise<void> {
  for (;;) {
    const deadlock = await admin.query('delete from public.webhook_events where tenant_id = $1', [id]).then(
      () => false,
      (error: { code?: string }) => {
        if (error.code !== '40P01') throw error
        return true
      },
    )
    if (!deadlock) return
  }
}
