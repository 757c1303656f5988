import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { admin, asUser, type Queryable, rolledBack, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { attempts, givingBack } from './attempts.ts'
import { readGates, readPlans } from './register.ts'
import { asOwner, makeRoom, refusalOf } from './room.ts'

const features = await readGates('feature')
const limits = await readGates('limit')
const plans = await readPlans()
const asked = features.filter(({ asked_for }) => asked_for !== null)
const choosable = plans.filter(({ trial_days }) => trial_days === null)

let owner: Person
let reviewers: Person[]
beforeAll(async () => {
  owner = await makePerson()
  reviewers = await Promise.all(Array.from({ length: 5 }, () => makePerson()))
})

it('every gate that something asks for is tried here', () => {
  const named = [...asked, ...limits].map(({ gate }) => gate)
  expect(Object.keys(attempts).sort()).toEqual(named.sort())
  expect(Object.keys(givingBack).sort()).toEqual(
    limits.filter(({ is_monthly }) => !is_monthly).map(({ gate }) => gate),
  )
})

describe.each(features.map(({ gate }) => gate))('the feature %s', (gate) => {
  it.each(plans.map(({ plan }) => plan))('is answered as the register says on the plan %s', async (plan) => {
    const tenant = await makeTenant({ plan })
    const has = plans.find((one) => one.plan === plan)!.features.includes(gate)
    const { rows } = await admin.query('select private.has_feature($1, $2) as has', [tenant.id, gate])
    expect(rows).toEqual([{ has }])
    const refusal = await refusalOf(admin.query('select private.require_feature($1, $2)', [tenant.id, gate]))
    const having = choosable.filter((one) => one.features.includes(gate)).map((one) => one.plan)
    expect(refusal).toEqual(
      has ? undefined : { code: 'PT402', message: 'feature_not_in_plan', feature: gate, plans: having },
    )
  })
})

describe.each(asked.map(({ gate }) => gate))('what needs the feature %s', (gate) => {
  // A plan for a time is offered to nobody. It has nothing, because each other plan has some of them.
  const bare = `bare_${gate}`
  beforeAll(async () => {
    await superuser.query(
      `insert into public.plans (plan, name, price_minor, trial_days) values ($1, 'Bare', 1, 1) on conflict do nothing`,
      [bare],
    )
    return async () => {
      await superuser.query(`update public.tenants set plan = 'enterprise' where plan = $1`, [bare])
      await superuser.query('delete from public.plans where plan = $1', [bare])
    }
  })
  const attempt = (tenant: Tenant) => asUser(owner.id, (db) => refusalOf(attempts[gate]!(db, tenant.id, 0)))

  it('is refused on a plan without it, and made on one with it', async () => {
    const tenant = await makeTenant({ owner, plan: bare })
    expect(await attempt(tenant)).toMatchObject({
      code: 'PT402',
      message: 'feature_not_in_plan',
      feature: gate,
    })
    const cheapest = choosable.find((one) => one.features.includes(gate))!.plan
    await admin.query('update public.tenants set plan = $2 where id = $1', [tenant.id, cheapest])
    expect(await attempt(tenant)).toBeUndefined()
  })
  it('is made in a trial', async () => {
    const tenant = await makeTenant({ owner, plan: 'trial' })
    expect(await attempt(tenant)).toBeUndefined()
  })
  it('is made while a product with the feature is granted, and not after', async () => {
    const tenant = await makeTenant({ owner, plan: bare })
    await rolledBack(superuser, async (db) => {
      await db.query(
        `insert into public.products (product, name, features) values ('probe', 'Probe', array[$1])`,
        [gate],
      )
      const grant = (end: string) =>
        db.query(
          `insert into public.tenant_products (tenant_id, product, expires_at) values ($1, 'probe', ${end})
           on conflict (tenant_id, product) do update set expires_at = excluded.expires_at`,
          [tenant.id],
        )
      const attemptAsOwner = async () => {
        await db.query('savepoint asked')
        await db.query(`select set_config('request.jwt.claims', $1, true)`, [
          JSON.stringify({ role: 'authenticated', sub: owner.id }),
        ])
        await db.query('set local role authenticated')
        const refusal = await refusalOf(attempts[gate]!(db, tenant.id, 0))
        await db.query('rollback to savepoint asked')
        return refusal
      }
      await grant(`now() + interval '1 hour'`)
      expect(await attemptAsOwner()).toBeUndefined()
      await grant('now()')
      expect(await attemptAsOwner()).toMatchObject({ message: 'feature_not_in_plan', feature: gate })
    })
  })
  it('tells a stranger nothing of the plan', async () => {
    const tenant = await makeTenant({ plan: bare })
    const heard = await attempt(tenant)
    expect(JSON.stringify(heard ?? '')).not.toContain('plan')
  })
})

describe.each(limits)('the limit $gate', ({ gate, is_monthly }) => {
  const most = 2
  // The owner is a member and has the first place.
  const free = ['members', 'bot_tenants'].includes(gate) ? most - 1 : most
  const plan = `probe_${gate}`
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
  const full = {
    code: 'PT402',
    message: 'limit_reached',
    limit: gate,
    most,
    plan,
    plans: choosable.filter((one) => one.limits[gate]! > most).map((one) => one.plan),
  }

  const take = (tenant: Tenant, n: number) =>
    refusalOf(asOwner(owner, (db) => attempts[gate]!(db, tenant.id, n)))

  it('admits as many as the plan says, then refuses, and says so beforehand', async () => {
    const tenant = await makeRoom(owner, reviewers, plan)
    for (let n = 0; n < free; n++) expect(await take(tenant, n)).toBeUndefined()
    expect(await take(tenant, free)).toEqual(full)
    const { rows } = await asUser(owner.id, (db) =>
      db.query('select public.check_gate($1, $2) as said', [tenant.id, gate]),
    )
    expect(rows[0].said).toMatchObject({ allowed: false, reason: 'limit_reached', most, used: most, left: 0 })
    expect(rows[0].said.resets_at !== null).toBe(is_monthly)
  })

  it('lets one of two have the last place, whoever asks first', async () => {
    const tenant = await makeRoom(owner, reviewers, plan)
    for (let n = 0; n < free - 1; n++) await take(tenant, n)
    let second: Promise<unknown> | undefined
    await asOwner(owner, async (db) => {
      await attempts[gate]!(db, tenant.id, free - 1)
      second = take(tenant, free)
      // It waits for the first, and decides by what that one has committed.
      expect(await Promise.race([second, new Promise((done) => setTimeout(done, 300, 'waits'))])).toBe(
        'waits',
      )
    })
    expect(await second).toEqual(full)
  })

  it('gives the place to the second when the first takes nothing', async () => {
    const tenant = await makeRoom(owner, reviewers, plan)
    for (let n = 0; n < free - 1; n++) await take(tenant, n)
    let second: Promise<unknown> | undefined
    await asOwner(owner, async (db) => {
      await attempts[gate]!(db, tenant.id, free - 1)
      second = take(tenant, free)
      await db.query('rollback')
    })
    expect(await second).toBeUndefined()
  })

  it.runIf(!is_monthly)('has a place again when one is given back', async () => {
    const tenant = await makeRoom(owner, reviewers, plan)
    for (let n = 0; n < free; n++) await take(tenant, n)
    await asOwner(owner, (db) => db.query(givingBack[gate]!, [tenant.id]))
    expect(await take(tenant, free)).toBeUndefined()
    expect(await take(tenant, free + 1)).toEqual(full)
  })

  it.runIf(['members', 'campaigns', 'participants'].includes(gate))(
    'does not stop the platform, and counts what it makes',
    async () => {
      const tenant = await makeRoom(owner, reviewers, plan)
      for (let n = 0; n < free + 1; n++) await attempts[gate]!(admin, tenant.id, n)
      expect(await take(tenant, free + 1)).toEqual(full)
    },
  )
})

describe('a count', () => {
  const ofTenant = async (db: Queryable, tenant: Tenant) => {
    const { rows } = await db.query<{ gate: string; used: string; there: string }>(
      `select l.gate, l.used, l.there from (
         select g.gate, (private.find_limit($1, g.gate)).used, case g.gate
           when 'members' then (select count(*) from public.tenant_members where tenant_id = $1 and status = 'active')
           when 'client_documents' then (select count(*) from public.client_documents where tenant_id = $1)
           when 'campaigns' then (select count(*) from public.campaigns where tenant_id = $1)
           when 'participants' then (select count(*) from public.participant_sessions where tenant_id = $1)
           when 'api_keys' then (select count(*) from public.api_keys
             where tenant_id = $1 and revoked_at is null and replaced_at is null)
           when 'domains' then (select count(*) from public.tenant_domains where tenant_id = $1)
           when 'usage_events' then (select count(*) from public.usage_events where tenant_id = $1)
           when 'messages' then (select count(*) from private.notification_jobs where tenant_id = $1 and type = 'message')
           when 'bot_tenants' then (select count(*) from public.bot_tenants where tenant_id = $1)
           when 'bot_plans' then (select count(*) from public.bot_plans where tenant_id = $1)
           when 'bot_templates' then (select count(*) from public.bot_templates where tenant_id = $1)
           when 'bot_training_data' then (select count(*) from public.bot_training_data where tenant_id = $1)
           when 'webhook_endpoints' then (select count(*) from public.webhook_endpoints where tenant_id = $1) end as there
         from private.gates as g where g.kind = 'limit') as l order by l.gate`,
      [tenant.id],
    )
    return rows
  }

  it('is what a recount finds, whoever made and removed what, in any order', async () => {
    const step = fc.record({
      gate: fc.constantFrom(...limits.map(({ gate }) => gate)),
      does: fc.constantFrom('take', 'take', 'give back', 'take and undo', 'settle'),
      who: fc.constantFrom('owner', 'platform'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const tenant = await makeRoom(owner, reviewers, 'enterprise')
        for (const [n, { gate, does, who }] of steps.entries()) {
          const db = await admin.connect()
          try {
            await db.query('begin')
            await db.query(
              `select set_config('role', $2, true), set_config('request.jwt.claims', $1, true)`,
              [
                JSON.stringify(who === 'owner' ? { role: 'authenticated', sub: owner.id } : {}),
                who === 'owner' ? 'authenticated' : 'none',
              ],
            )
            if (does === 'give back')
              await db.query(givingBack[gate] ?? 'select 1', givingBack[gate] ? [tenant.id] : [])
            else if (does === 'settle') await admin.query('select private.settle_tenant_counts()')
            else await attempts[gate]!(db, tenant.id, n % reviewers.length)
            await db.query(does === 'take and undo' ? 'rollback' : 'commit')
          } finally {
            db.release()
          }
        }
        const counted = await ofTenant(admin, tenant)
        expect(counted.map(({ gate, used }) => [gate, used])).toEqual(
          counted.map(({ gate, there }) => [gate, there]),
        )
      }),
      { numRuns: 15 },
    )
  })

  it('of one statement that adds many rows is each of them', async () => {
    const tenant = await makeTenant({ owner, plan: 'starter' })
    const insert = (count: number) =>
      asUser(owner.id, (db) =>
        refusalOf(
          db.query(
            `insert into public.campaigns (tenant_id, name) select $1, 'x' from generate_series(1, $2::int)`,
            [tenant.id, count],
          ),
        ),
      )
    expect(await insert(5)).toBeUndefined()
    expect(await insert(6)).toMatchObject({ message: 'limit_reached', most: 5 })
  })

  it('makes the platform wait for nobody', async () => {
    const tenant = await makeTenant({ owner })
    await rolledBack(admin, async (db) => {
      const insert = (at: Queryable) =>
        at.query(`insert into public.campaigns (tenant_id, name) values ($1, 'x')`, [tenant.id])
      await insert(db)
      await insert(admin)
    })
    expect((await ofTenant(admin, tenant)).find(({ gate }) => gate === 'campaigns')?.used).toBe('1')
  })
})
