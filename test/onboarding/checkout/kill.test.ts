import pg from 'pg'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { makeMigrated, type OwnDatabase } from '../../kit/own-database.ts'
import {
  connectionTo,
  type Delivery,
  deliver,
  makeRegistrations,
  openPool,
  type Pool,
  periodEnd,
  type Registered,
} from './rush.ts'

// Wherever a connection dies, there is no part of a tenant, and the event that is sent again makes all of it.

let own: OwnDatabase
let pool: Pool
let registered: Registered
beforeAll(async () => {
  own = await makeMigrated(inject('stack'))
  pool = openPool(own, 2)
  registered = (await makeRegistrations(pool, 1))[0]!
  await dieAtWrites(pool)
})
afterAll(async () => {
  await pool?.end()
  await own?.drop()
})

/** From now on a connection ends itself at the row that "test.die_at" counts down to: of any table, in any transaction. */
async function dieAtWrites(db: Pool): Promise<void> {
  await db.query(`create function public.tg_count_down() returns trigger language plpgsql set search_path = '' as $$
    declare
      left_over int := nullif(current_setting('test.die_at', true), '')::int - 1;
    begin
      if left_over is not null then
        perform set_config('test.die_at', left_over::text, false);
        if left_over = 0 then
          perform pg_terminate_backend(pg_backend_pid());
          perform pg_sleep(5);
        end if;
      end if;
      return coalesce(new, old);
    end $$`)
  // The first of the triggers of each table, by its name, and as the owner of the tables.
  await db.query(`do $$
    declare
      target regclass;
    begin
      for target in select g.relation from private.registered_tables as g loop
        execute format('create trigger "0 count down" before insert or update or delete on %s
          for each row execute function public.tg_count_down()', target);
      end loop;
    end $$`)
}

interface Made {
  tenants: number
  rows: number
  order: string
}

/** What there is of a tenant, and how its order stands. */
async function whatIsMade(): Promise<Made> {
  const { rows } = await pool.query<Made>(
    `select (select count(*)::int from public.tenants where name like 'Rush %') as tenants,
       (select count(*)::int from public.payments) + (select count(*)::int from public.contracts)
         + (select count(*)::int from public.tenant_invitations) + (select count(*)::int from public.subscriptions)
         + (select count(*)::int from public.billing_events) + (select count(*)::int from private.notification_jobs)
         + (select count(*)::int from public.onboarding_runs) as rows,
       (select o.status from public.payment_orders as o where o.id = $1) as "order"`,
    [registered[0].id],
  )
  return rows[0]!
}

/** Whether the connection lived to the end. */
async function deliverAndDie(delivery: Delivery, atRow: number): Promise<boolean> {
  const client = new pg.Client(connectionTo(own))
  client.on('error', () => {})
  await client.connect()
  try {
    await client.query(`select set_config('test.die_at', $1, false)`, [String(atRow)])
    await deliver(client, delivery)
    return true
  } catch (thrown) {
    expect(String(thrown)).toMatch(/terminat/)
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

it('a connection that dies at any row that a payment writes leaves no part of a tenant', {
  timeout: 120_000,
}, async () => {
  const [order] = registered
  const fact = {
    ...{ what: 'captured' as const, order_id: order.provider_order_id, subscription_id: `sub_${order.id}` },
    ...{
      payment_id: 'in_1',
      period: '1',
      period_ends_at: periodEnd(1),
      amount_minor: 14_900,
      currency: 'CHF',
    },
  }
  const delivery = { order, id: 'evt_1', fact }
  let atRow = 1
  while (!(await deliverAndDie(delivery, atRow))) {
    expect(await whatIsMade(), `killed at row ${atRow}`).toEqual({ tenants: 0, rows: 0, order: 'created' })
    atRow++
  }
  // Tenant, order, payment, contract, run, invitation, mail, events, and a row of the log for most of them.
  expect(atRow).toBeGreaterThan(30)
  const made = { tenants: 1, rows: 8, order: 'paid' }
  expect(await whatIsMade()).toEqual(made)
  await deliver(pool, delivery)
  expect(await whatIsMade()).toEqual(made)
})
