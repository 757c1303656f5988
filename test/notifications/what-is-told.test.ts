import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { admin, type Queryable } from '../kit/db.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { consume, reserve } from '../usage/credits/ledger.ts'
import { captured, freshId, makeOrder, settleFact } from '../usage/payments/world.ts'
import { addEndpoint, claim, fill, makeQueue, type Queue, reportAll } from '../webhooks/queue/world.ts'

// From what happens to who is told: each producer, by the way that it happens in the product.

let owner: Person
let manager: Person
let member: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  manager = await makePerson()
  member = await makePerson()
  tenant = await makeTenant({ owner, admin: manager, member, plan: 'starter' })
})

const told = async (db: Queryable = admin, of = tenant.id) => {
  const { rows } = await db.query<{
    type: string
    message: string
    subject_type: string | null
    people: number
  }>(
    `select type, message, subject_type, count(*)::int as people from public.notifications where tenant_id = $1
     group by 1, 2, 3 order by min(ref_id)`,
    [of],
  )
  return rows
}
/** Told to the owner and the other admin, and not to the member. */
const toAdmins = (type: string, message: RegExp, subject_type: string | null = null) => ({
  ...{ type, message: expect.stringMatching(message), subject_type, people: 2 },
})

it('a domain that is lost', async () => {
  const host = `${freshId('www').replace('_', '-')}.example.com`
  const { rows } = await admin.query<{ id: string }>(
    `insert into public.tenant_domains (tenant_id, host, status, verified_at, verification_token, missed_check_count, first_missed_at)
     values ($1, $2, 'verified', now(), 'token', 2, now() - interval '73 hours') returning id`,
    [tenant.id, host],
  )
  await admin.query(`select private.record_domain_check($1, $2, '{}', 'no_record')`, [tenant.id, rows[0]!.id])
  expect(await told()).toEqual([toAdmins('domain.lost', new RegExp(`^${host} does not show`), 'domain')])
})

it('an identity provider that does not answer, once until it answers again', async () => {
  const { rows } = await admin.query<{ revision: string }>(
    `insert into public.tenant_idp_config (tenant_id, type) values ($1, 'oidc') returning revision`,
    [tenant.id],
  )
  const check = (outcome: string) =>
    admin.query(`select private.record_idp_check($1, 'oidc', $2, $3)`, [
      tenant.id,
      rows[0]!.revision,
      outcome,
    ])
  await check('bad')
  expect(await told()).toEqual([])
  await check('good')
  await check('unreachable')
  await check('unreachable')
  const once = [toAdmins('idp.failing', /^Your identity provider \(OIDC\)/)]
  expect(await told()).toEqual(once)
  await check('good')
  await check('bad')
  expect(await told()).toEqual([{ ...once[0], people: 4 }])
})

it('a limit at four fifths and at its end, and not at half', async () => {
  await admin.query(`update public.tenants set plan = 'professional' where id = $1`, [tenant.id])
  const { rows } = await admin.query<{ most: number }>(
    `select (limits ->> 'campaigns')::int as most from public.plans where plan = 'professional'`,
  )
  const most = rows[0]!.most
  for (let n = 1; n <= most; n++) {
    await admin.query(`insert into public.campaigns (tenant_id, name) values ($1, $2)`, [tenant.id, `${n}`])
    await admin.query('select private.settle_tenant_counts(100000)')
  }
  expect(await told()).toEqual([
    toAdmins('limit.near', new RegExp(`^80 % of "campaigns" are used. Your plan allows ${most}`)),
    toAdmins('limit.reached', new RegExp(`^You have all ${most} of "campaigns"`)),
  ])
})

it('a smaller plan, and what it takes in the end', async () => {
  await admin.query(`update public.tenants set plan = 'business' where id = $1`, [tenant.id])
  await admin.query(
    `insert into public.campaigns (tenant_id, name) select $1, n::text from generate_series(1, 6) as n`,
    [tenant.id],
  )
  await admin.query(`select private.change_plan($1, 'starter')`, [tenant.id])
  await admin.query(`update public.plan_excesses set switches_off_at = now() where tenant_id = $1`, [
    tenant.id,
  ])
  await admin.query(`select private.settle_plan($1)`, [tenant.id])
  expect((await told()).filter(({ type }) => type.startsWith('plan.'))).toEqual([
    toAdmins('plan.exceeded', /^You use 6 of "campaigns", and your plan allows 5. .* on 20\d\d-\d\d-\d\d\.$/),
    toAdmins('plan.enforced', /^Your plan allows 5 of "campaigns"/),
  ])
})

it('credits that come to an end', async () => {
  await admin.query('select private.lock_credits($1)', [tenant.id])
  const take = async (credits: number) =>
    consume(tenant.id, (await reserve(tenant.id, credits)).reservation_id!, credits)
  await take(400)
  await take(100)
  expect(await told()).toEqual([
    toAdmins('credits.low', /^100 credits are left. New ones come on 20\d\d-\d\d-01/),
    toAdmins('credits.exhausted', /^No credits are left/),
  ])
})

it('the cap of what model calls cost, at four fifths and at its end', async () => {
  await admin.query(
    'update public.tenant_billing set monthly_spend_cap_usd_micros = 900000 where tenant_id = $1',
    [tenant.id],
  )
  // At the fallback price, which is 150 dollars for a million tokens.
  for (const [n, tokens] of [4_000, 1_400, 600].entries()) {
    const { rows } = await admin.query<{ id: string }>(
      `select (private.start_llm_call($1, 'acme', 'unknown', 0, $2, $3)).id`,
      [tenant.id, tokens, `call ${n}`],
    )
    await admin.query(`select private.finish_llm_call($1, $2, 'ok', 0, $3)`, [tenant.id, rows[0]!.id, tokens])
  }
  expect(await told()).toEqual([
    toAdmins('spend.near', /^Calls of AI models cost 0\.81 of the 0\.90 US dollars/),
    toAdmins('spend.reached', /^Calls of AI models have cost 0\.90 US dollars/),
  ])
})

it('a payment that fails and a subscription that ends, and not what went well', async () => {
  const order = await makeOrder(tenant)
  const payment_id = freshId('in')
  await settleFact(order, captured())
  for (let n = 0; n < 2; n++)
    await settleFact(order, { what: 'failed', payment_id, period: '2', subscription_id: freshId('sub') })
  await settleFact(order, { what: 'cancelled' })
  expect(await told()).toEqual([
    toAdmins('payment.failed', /^A payment at Stripe failed/, 'order'),
    toAdmins('subscription.failed', /^Stripe could not charge/, 'order'),
    toAdmins('subscription.cancelled', /^Your subscription at Stripe was cancelled/, 'order'),
  ])
})

it('a trial that ends within three days, once for each end', async () => {
  const trial = await makeTenant({ owner, admin: manager, member, status: 'trial', plan: 'trial' })
  const endsIn = (days: number) =>
    admin.query(
      `update public.tenants set trial_ends_at = now() + make_interval(days => $2), time_zone = 'Asia/Kolkata' where id = $1`,
      [trial.id, days],
    )
  const tell = () => admin.query('select private.notify_ending_trials(100000)')
  await endsIn(4)
  await tell()
  expect(await told(admin, trial.id)).toEqual([])
  await endsIn(2)
  await tell()
  await tell()
  expect(await told(admin, trial.id)).toEqual([
    toAdmins('trial.ending', /^Your trial ends on 20\d\d-\d\d-\d\d/),
  ])
  await endsIn(3)
  await tell()
  expect((await told(admin, trial.id)).reduce((sum, { people }) => sum + people, 0)).toBe(4)
})

describe('a webhook endpoint', () => {
  let queue: Queue
  beforeAll(async () => {
    queue = await makeQueue()
  })
  afterAll(() => queue.close())

  it('that fails for days, and one that is disabled', async () => {
    const { id } = await makeTenant({ db: queue.db })
    await queue.db.query(
      `with made as (insert into auth.users (id, email) values (gen_random_uuid(), 'owner@example.com') returning id)
       insert into public.tenant_members (tenant_id, user_id, role) select $1, id, 'owner' from made`,
      [id],
    )
    const failing = await addEndpoint(queue, id)
    await fill(queue, failing, 1)
    const leases = await claim(queue.db)
    await queue.db.query(
      `update private.queue_lanes set failure_count = 12, failing_since_at = now() - interval '61 hours'
       where lane_id = $1`,
      [failing.id],
    )
    await reportAll(queue, leases, { outcome: 'failed' })
    const gone = await addEndpoint(queue, id)
    await fill(queue, gone, 1)
    const last = (await claim(queue.db)).filter(({ endpoint_id }) => endpoint_id === gone.id)
    await reportAll(queue, last, { outcome: 'failed', disable: 'gone' })
    expect(await told(queue.db, id)).toEqual([
      { ...toAdmins('endpoint.failing', /keeps failing/, 'endpoint'), people: 1 },
      { ...toAdmins('endpoint.disabled', /was disabled/, 'endpoint'), people: 1 },
    ])
  })
})
