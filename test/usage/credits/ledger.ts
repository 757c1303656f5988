import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import { admin, type Queryable } from '../../kit/db.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

/** What a call became: the code of its refusal, or the entry it made. */
export interface Entry {
  version: string
  type: string
  credits: string
  credits_held: string
  balance_after: string
  reserved_after: string
  reservation_id: string | null
  expires_at: Date | null
  request_hash: string | null
}

export const freshKey = (): string => randomUUID()

/** The refusal's code, or undefined. Anything that is no refusal of ours is thrown. */
export async function refusalOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work
    return undefined
  } catch (thrown) {
    if (thrown instanceof pg.DatabaseError && thrown.code?.startsWith('PT')) return thrown.message
    throw thrown
  }
}

async function one(db: Queryable, text: string, values: unknown[]): Promise<Entry> {
  const { rows } = await db.query<Entry>(`select * from ${text}`, values)
  return rows[0]!
}

/** The operations, as the functions of lib call them. */
export const reserve = (
  tenant: string,
  credits: unknown,
  key = freshKey(),
  db: Queryable = admin,
  seconds = 900,
) => one(db, 'public.reserve_credits($1, $2, $3, $4)', [tenant, credits, key, seconds])
export const consume = (
  tenant: string,
  reservation: string,
  credits: unknown,
  key = freshKey(),
  db: Queryable = admin,
) => one(db, 'public.consume_credits($1, $2, $3, $4)', [tenant, reservation, credits, key])
export const release = (tenant: string, reservation: string, key = freshKey(), db: Queryable = admin) =>
  one(db, 'public.release_credits($1, $2, $3)', [tenant, reservation, key])
export const topUp = (
  tenant: string,
  credits: unknown,
  order = freshKey(),
  expiresAt?: string,
  db: Queryable = admin,
) => one(db, 'private.top_up_credits($1, $2, $3, $4)', [tenant, credits, order, expiresAt])
export const refund = (
  tenant: string,
  reservation: string,
  credits: unknown,
  key = freshKey(),
  db: Queryable = admin,
) =>
  one(db, `private.refund_credits($1, $2, $3, $4, 'admin:test', 'The report was empty.')`, [
    tenant,
    reservation,
    credits,
    key,
  ])
export const adjust = (
  tenant: string,
  credits: unknown,
  key = freshKey(),
  db: Queryable = admin,
  expiresAt?: string,
) =>
  one(db, `private.adjust_credits($1, $2, $3, 'admin:test', 'A test begins with this.', $4)`, [
    tenant,
    credits,
    key,
    expiresAt,
  ])

interface Balance {
  available: number
  reserved: number
  topup: number
  consumed: number
  version: number
}
export async function balanceOf(tenant: string, db: Queryable = admin): Promise<Balance> {
  const { rows } = await db.query<Balance>(
    `select credits_available::float8 as available, credits_reserved::float8 as reserved, credits_topup::float8 as topup,
       credits_consumed::float8 as consumed, version::float8 as version from public.read_credits($1)`,
    [tenant],
  )
  return rows[0]!
}

/** A tenant with exactly so many credits, none of which expires. */
export async function makeFunded(credits: number, db: Queryable = admin): Promise<Tenant> {
  const tenant = await makeTenant({ plan: 'starter', db })
  const { available } = await balanceOf(tenant.id, db)
  await adjust(tenant.id, -available, freshKey(), db)
  if (credits > 0) await adjust(tenant.id, credits, freshKey(), db)
  return tenant
}

/** Each month of each tenant: of the present one both numbers that are still open stand in the balance. */
export const statements = `(select p.tenant_id, p.period_start, p.opening, p.allocated, p.topped_up,
    coalesce(b.credits_consumed, p.consumed) as consumed, p.refunded, p.adjusted, p.expired,
    coalesce(b.credits_available, p.closing) as closing, p.closing is null as is_open
  from public.credit_periods as p
  left join public.credit_balances as b on b.tenant_id = p.tenant_id and p.closing is null)`

/** Connections of its own, as many clients have them. */
export function connect(count: number, name = 'credits'): pg.Pool {
  const connectionString = inject('stack').db_url
  const pool = new pg.Pool({ connectionString, max: count, allowExitOnIdle: true, application_name: name })
  pool.on('error', () => {})
  return pool
}

/**
 * What is broken among the promises of docs/credits.md, of one tenant or of all: each line of the answer names one. Read
 * from the rows alone, in one snapshot.
 */
export async function brokenPromises(db: Queryable = admin, tenant?: string): Promise<string[]> {
  const { rows } = await db.query<{ broken: string }>(
    `with entry as (
       select e.*, row_number() over w as nth, sum(e.credits) over w as credits_so_far, sum(e.credits_held) over w as held_so_far,
         lag(e.created_at) over w as created_before
       from public.credit_ledger as e where $1::uuid is null or e.tenant_id = $1 window w as (partition by e.tenant_id order by e.version)
     ), total as (
       select tenant_id, count(*) as entries, max(version) as newest, sum(credits) as credits, sum(credits_held) as held
       from entry group by tenant_id
     ), balance as (
       select b.*, (select count(*) from public.credit_periods as p where p.tenant_id = b.tenant_id and p.closing is null) as open_periods
       from public.credit_balances as b where $1::uuid is null or b.tenant_id = $1
     ), sum_of_lots as (
       select l.tenant_id, sum(l.credits_left) as left_over, coalesce(sum(l.credits_left) filter (where l.kind = 'topup'), 0) as topup
       from public.credit_lots as l where $1::uuid is null or l.tenant_id = $1 group by 1
     ), ends as (
       select r.tenant_id, r.id, r.status::text as status, r.credits_consumed, r.credits_refunded, r.credits,
         count(e.version) filter (where e.type in ('consumed', 'released', 'expired')) as ends,
         max(e.type::text) filter (where e.type in ('consumed', 'released', 'expired')) as ended_by,
         count(e.version) filter (where e.type = 'reserved') as begins,
         coalesce(sum(e.credits_held), 0) as still_held,
         coalesce(-sum(e.credits) filter (where e.type = 'consumed'), 0) as consumed,
         coalesce(sum(e.credits) filter (where e.type = 'refunded'), 0) as refunded
       from public.credit_reservations as r
       left join public.credit_ledger as e on e.tenant_id = r.tenant_id and e.reservation_id = r.id
       where $1::uuid is null or r.tenant_id = $1 group by 1, 2, 3, 4, 5, 6
     )
     select 'versions count from 1 without a gap: ' || tenant_id || ' ' || version as broken from entry where nth <> version
     union all select 'balance_after replays: ' || tenant_id || ' ' || version from entry where credits_so_far <> balance_after
     union all select 'reserved_after replays: ' || tenant_id || ' ' || version from entry where held_so_far <> reserved_after
     union all select '0 <= reserved <= available at every entry: ' || tenant_id || ' ' || version from entry where reserved_after not between 0 and balance_after
     union all select 'moments go forward: ' || tenant_id || ' ' || version from entry where created_before > created_at
     union all select 'available is the sum of the entries: ' || b.tenant_id from balance as b left join total as t using (tenant_id)
       where b.credits_available <> coalesce(t.credits, 0) or b.credits_reserved <> coalesce(t.held, 0) or b.version <> coalesce(t.newest, 0)
     union all select 'an entry without a balance: ' || t.tenant_id from total as t where t.tenant_id not in (select tenant_id from balance)
     union all select 'reserved is the sum of open reservations: ' || b.tenant_id from balance as b
       where b.credits_reserved <> coalesce((select sum(r.credits) from public.credit_reservations as r where r.tenant_id = b.tenant_id and r.status = 'open'), 0)
     union all select 'the lots add up to the balance: ' || b.tenant_id from balance as b left join sum_of_lots as l using (tenant_id)
       where b.credits_available <> coalesce(l.left_over, 0) or b.credits_topup <> coalesce(l.topup, 0)
     union all select 'a reservation begins once and ends at most once: ' || tenant_id || ' ' || id from ends
       where begins <> 1 or ends <> (case when status = 'open' then 0 else 1 end) or ended_by is distinct from nullif(status, 'open')
         or still_held <> (case when status = 'open' then credits else 0 end)
         or consumed <> credits_consumed or refunded <> credits_refunded
     union all select 'one month is open: ' || tenant_id from balance where version > 0 and open_periods <> 1
     union all select 'a statement adds up: ' || s.tenant_id || ' ' || s.period_start from ${statements} as s
       where ($1::uuid is null or s.tenant_id = $1)
         and s.closing <> s.opening + s.allocated + s.topped_up - s.consumed + s.refunded + s.adjusted - s.expired
     union all select 'a statement agrees with the ledger: ' || p.tenant_id || ' ' || p.period_start from public.credit_periods as p
       join ${statements} as s using (tenant_id, period_start)
       cross join lateral (
         select coalesce(sum(e.credits) filter (where e.type = 'allocated'), 0) as allocated,
           coalesce(sum(e.credits) filter (where e.type = 'topup'), 0) as topped_up,
           coalesce(-sum(e.credits) filter (where e.type = 'consumed'), 0) as consumed,
           coalesce(sum(e.credits) filter (where e.type = 'refunded'), 0) as refunded,
           coalesce(sum(e.credits) filter (where e.type = 'adjusted'), 0) as adjusted,
           coalesce(-sum(e.credits) filter (where e.type = 'expired'), 0) as expired
         from public.credit_ledger as e
         where e.tenant_id = p.tenant_id and e.version >= p.first_version and e.version < coalesce((
           select min(n.first_version) from public.credit_periods as n
           where n.tenant_id = p.tenant_id and n.period_start > p.period_start), 9223372036854775807)) as l
       where ($1::uuid is null or p.tenant_id = $1)
         and (s.allocated, s.topped_up, s.consumed, s.refunded, s.adjusted, s.expired)
           is distinct from (l.allocated, l.topped_up, l.consumed, l.refunded, l.adjusted, l.expired)`,
    [tenant ?? null],
  )
  return rows.map(({ broken }) => broken)
}
