import pg from 'pg'
import type { PaymentFact } from '../../../lib/usage/payments/fact.ts'
import type { OwnDatabase } from '../../kit/own-database.ts'
import type { Order } from '../../usage/payments/world.ts'
import { billing, company, contact, location } from '../registrations/filled-in.ts'

export type Pool = pg.Pool
/** Connections to a database of one test. A kill ends a connection and not the server, so nobody waits for the disk. */
export const connectionTo = ({ url }: OwnDatabase) => ({
  connectionString: url,
  options: '-c synchronous_commit=off',
})
export const openPool = (own: OwnDatabase, max: number): Pool => new pg.Pool({ ...connectionTo(own), max })

export const periodEnd = (months: number) => new Date(Date.UTC(2030, months, 1)).toISOString()

/** The two orders of one registration, one at each provider. */
export type Registered = [Order, Order]

/** Registrations of brands whose names begin with "Rush", with all four steps and two orders, by the functions that the routes call. */
export async function makeRegistrations(pool: Pool, count: number): Promise<Registered[]> {
  const { plan, ...address } = billing()
  // A company outside India begins in UTC. To check another zone, Postgres reads the files of all of them.
  const steps = {
    contact: { ...contact(), country: 'CH' },
    company: company(),
    location: location(),
    billing: address,
  }
  // Each from an address of its own: of one, 120 an hour are taken.
  await pool.query(`create or replace function public.make_registration(number int, steps jsonb, plan text) returns setof public.payment_orders
    language plpgsql set search_path = '' as $$
    declare
      hash bytea := sha256(convert_to('rush ' || number, 'UTF8'));
      invitation text := 'tinv_' || encode(hash, 'hex');
      place public.payment_provider;
      made public.payment_orders;
    begin
      perform set_config('request.headers', format('{"client-address": "%s"}', '10.0.0.0'::inet + number), true);
      perform private.begin_registration(hash, sha256(convert_to(invitation, 'UTF8')), steps -> 'contact');
      -- A few want the same slug at the same time.
      perform private.save_registration_step(hash, 2, (steps -> 'company') || jsonb_build_object('brand_name', 'Rush ' || number / 4));
      perform private.save_registration_step(hash, 3, steps -> 'location');
      perform private.save_registration_step(hash, 4, (steps -> 'billing') || '{"name": "Rush"}', plan);
      foreach place in array '{stripe,razorpay}'::public.payment_provider[] loop
        made := private.order_registration(hash, place, invitation);
        return next private.attach_payment_order(made.tenant_id, made.id, place || '_' || number, null);
      end loop;
    end $$`)
  const { rows } = await pool.query<Order>(
    `select o.* from generate_series(1, $1) as n cross join lateral public.make_registration(n, $2, $3) as o
     order by n, o.provider desc`,
    [count, JSON.stringify(steps), plan],
  )
  return Array.from({ length: count }, (_, index) => [rows[index * 2]!, rows[index * 2 + 1]!])
}

export interface Delivery {
  order: Order
  id: string
  fact: PaymentFact
}

/** Receives and settles what a provider says, as the webhook's route does. */
export async function deliver(db: pg.Pool | pg.Client, delivery: Delivery): Promise<void> {
  await receive(db, delivery)
  await settle(db, delivery)
}

export const receive = (db: pg.Pool | pg.Client, { order, id, fact }: Delivery) =>
  db.query({
    name: 'receive',
    text: 'select private.receive_payment_event($1, $2, $3, $4)',
    values: [order.provider, id, Buffer.from(id), fact],
  })

export const settle = (db: pg.Pool | pg.Client, { order, id }: Omit<Delivery, 'fact'>) =>
  db.query({
    name: 'settle',
    text: 'select private.settle_payment_event($1, $2)',
    values: [order.provider, id],
  })
