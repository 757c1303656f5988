import { createHash, randomUUID } from 'node:crypto'
import type pg from 'pg'
import {
  type Delivery,
  makeRegistrations,
  periodEnd,
  type Registered,
  receive,
  settle,
} from '../../test/onboarding/checkout/rush.ts'
import { copyTables, insertsBetween, newestTransaction } from '../bare-rows.ts'
import { fillSessions, joinTenants } from '../fill/fill.ts'
import { openPool } from '../load/pool.ts'
import { type Figure, interleave, median, say, timed } from '../measure.ts'
import type { BenchStack } from '../stack.ts'

/** From a payment to a tenant, reading while contracts can wait, and going on with a registration. */
export async function benchOnboarding(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  return [
    ...(await benchSettling(stack, isQuick)),
    ...(await benchGate(stack, isQuick)),
    await benchResuming(stack, isQuick),
  ]
}

async function benchSettling(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const count = isQuick ? 10 : 300
  const admin = await stack.connect(stack.adminUrl)
  const pool = openPool({ connectionString: stack.dbUrl, max: 1 })
  try {
    say(`onboarding: ${count} registrations`)
    const registered = await makeRegistrations(pool, count)
    const tables = await copyTables(admin)
    // What follows a payment, the PDF and the mail, takes its time elsewhere.
    await admin.query(
      `select vault.update_secret(id, 'no key of anybody') from vault.secrets where name = 'tenantry_service_key'`,
    )
    const settled: number[] = []
    const bare: number[] = []
    let written = 0
    for (const [order] of registered) {
      const payment = paymentOf(order)
      await receive(pool, payment)
      const before = await newestTransaction(admin)
      settled.push(await timed(() => settle(pool, payment)))
      const inserts = await insertsBetween(admin, tables, before, await newestTransaction(admin))
      written = inserts.length
      bare.push(await timed(() => pool.query(`begin; ${inserts.join('; ')}; commit`)))
    }
    // The first ones make plans and read pages.
    const [value, baseline] = [settled, bare].map((times) => median(times.slice(count / 10)))
    return [
      {
        ...{ what: 'a payment becomes a tenant', unit: 'tenants/s', value: 1_000 / value! },
        ...{ baseline: 1_000 / baseline!, ratio: baseline! / value!, goal: { atLeast: 0.5 } },
        note: `${value!.toFixed(1)} ms; ${written} inserts of the same rows in one transaction ${baseline!.toFixed(1)} ms`,
      },
    ]
  } finally {
    await pool.end()
  }
}

function paymentOf(order: Registered[0]): Delivery {
  const { id, provider_order_id } = order
  const about = { order_id: provider_order_id, subscription_id: `sub_${id}`, payment_id: `in_${id}` }
  const price = { period: '1', period_ends_at: periodEnd(1), amount_minor: 14_900, currency: 'CHF' }
  return { order, id: `evt_${id}`, fact: { what: 'captured', ...about, ...price } }
}

/** The same read with the gate of the contract in private.tenant_ids(), and without. */
async function benchGate(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const admin = await stack.connect(stack.adminUrl)
  await fillSessions(admin, isQuick ? 20 : 100)
  const gated = await definitionOf(admin)
  const ungated = gated
    .replace(' or t.contract_pending_at is not null)', ')')
    .replace(/\s+and t\.contract_pending_at is null\)/, ')')
    .replace(/\s+and \(t\.contract_pending_at is null or [^;]*\)\);/, ');')
  if (ungated.includes('contract_pending_at') || ungated === gated)
    throw new Error('The gate stands elsewhere now.')
  const figures: Figure[] = []
  for (const memberships of [1, 20]) {
    say(`onboarding: the gate, a user in ${memberships}`)
    const userId = `00000000-0000-4000-8000-${String(memberships).padStart(12, '0')}`
    const [first] = await joinTenants(admin, userId, memberships)
    const member = await stack.connect(stack.dbUrl)
    await member.query('begin')
    await member.query(
      `select set_config('role', 'authenticated', true), set_config('request.jwt.claims', $1, true)`,
      [JSON.stringify({ role: 'authenticated', sub: userId })],
    )
    const read = async () => {
      const { rowCount } = await member.query({
        name: 'newest',
        text: `select id, full_name, email from public.participant_sessions
          where client_status = 'completed' and tenant_id = $1 order by id desc limit 50`,
        values: [first!.id],
      })
      if (!rowCount) throw new Error('Nothing was read.')
    }
    const block = (definition: string) => async () => {
      await admin.query(definition)
      return medianOf(read, isQuick ? 20 : 400)
    }
    const [value, baseline] = (await interleave(isQuick ? 1 : 9, [block(gated), block(ungated)])).map(median)
    await admin.query(gated)
    await member.query('rollback')
    figures.push({
      ...{
        what: `newest 50 of one tenant with the gate, user in ${memberships}`,
        unit: 'ms',
        value: value!,
        baseline: baseline!,
      },
      ...{ ratio: value! / baseline!, goal: { atMost: 1.05 } },
      note: 'against the same function without its two conditions',
    })
  }
  return figures
}

async function definitionOf(admin: pg.Client): Promise<string> {
  const { rows } = await admin.query<{ sql: string }>(
    `select pg_get_functiondef('private.tenant_ids(text, text[])'::regprocedure) as sql`,
  )
  return rows[0]!.sql
}

/** The median of so many runs, after ten that make a plan. */
async function medianOf(work: () => Promise<unknown>, count: number): Promise<number> {
  for (let run = 0; run < 10; run++) await work()
  const times: number[] = []
  for (let run = 0; run < count; run++) times.push(await timed(work))
  return median(times)
}

/** A browser comes back to its registration, among those of many others. */
async function benchResuming(stack: BenchStack, isQuick: boolean): Promise<Figure> {
  const count = isQuick ? 100 : 100_000
  say(`onboarding: ${count} open registrations`)
  const admin = await stack.connect(stack.adminUrl)
  const db = await stack.connect(stack.dbUrl)
  const token = randomUUID()
  await admin.query(
    `insert into private.registration_sessions (token_hash, invitation_hash, contact_data)
     select sha256(convert_to($2 || ' ' || n, 'UTF8')), sha256('bench'), jsonb_build_object('country', 'IN', 'first_name', 'Asha', 'email', n || '@example.com')
     from generate_series(1, $1::int) as n`,
    [count, token],
  )
  await admin.query('vacuum analyze private.registration_sessions')
  const read = (name: string, from: string) => {
    const columns = `ref_id, current_step, user_id is not null as is_signed_in, contact_data, company_data, location_data, billing_data, plan_selected, expires_at`
    return async () => {
      const hash = createHash('sha256')
        .update(`${token} ${1 + Math.floor(Math.random() * count)}`)
        .digest()
      const { rowCount } = await db.query({ name, text: `select ${columns} from ${from}`, values: [hash] })
      if (rowCount !== 1) throw new Error('The registration was not found.')
    }
  }
  const resume = read('resume', 'private.find_registration($1)')
  const bare = read('bare', 'private.registration_sessions where token_hash = $1')
  const runs = [resume, bare].map((work) => () => medianOf(work, isQuick ? 20 : 1_000))
  const [value, baseline] = (await interleave(isQuick ? 1 : 5, runs)).map(median)
  return {
    ...{
      what: `going on with one of ${count.toLocaleString('en')} registrations`,
      unit: 'ms',
      value: value!,
      baseline: baseline!,
    },
    ...{ ratio: value! / baseline!, goal: { atMost: 1.3 } },
    note: 'against a select by the same index',
  }
}
