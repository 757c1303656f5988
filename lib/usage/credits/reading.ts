import { type Db, readPage, sql } from '../../db/index.ts'
import {
  type CreditBalance,
  type CreditEntry,
  type CreditLedger,
  type CreditReservation,
  type CreditReservations,
  type CreditStatement,
  type CreditStatements,
  type LedgerQuery,
  ledgerOrder,
  type ReservationQuery,
  reservationOrder,
  type StatementQuery,
  statementOrder,
} from './schema.ts'

// A balance is at most 2^53 - 1, so a float8 holds each of these numbers exactly.

/** An entry of the ledger, of whatever is named e. */
export const entryColumns = sql`e.version::float8 as version, e.type, e.credits::float8 as credits,
  e.credits_held::float8 as credits_held, e.balance_after::float8 as available_after, e.reserved_after::float8 as reserved_after,
  private.ulid(e.reservation_id) as reservation, e.activity_run_id, e.deliverable_type, e.topup_order_id, e.expires_at,
  e.actor, e.note, e.idempotency_key, e.created_at`

/** What a tenant has now. What has expired is entered first. */
export function readCredits(db: Db, tenantId: string): Promise<CreditBalance> {
  return db.one<CreditBalance>(sql`
    select b.credits_available::float8 as credits_available, b.credits_reserved::float8 as credits_reserved,
      (b.credits_available - b.credits_reserved)::float8 as credits_free, b.credits_topup::float8 as credits_topup,
      b.credits_monthly::float8 as credits_monthly, b.credits_consumed::float8 as credits_consumed,
      b.period_start::text as period_start, b.period_end::text as period_end, b.next_reset_at
    from public.read_credits(${tenantId}) as b`)
}

/** A page of the ledger, the newest entry first. */
export async function listCreditEntries(
  db: Db,
  tenantId: string,
  { limit, cursor }: LedgerQuery,
): Promise<CreditLedger> {
  const { rows, next_cursor } = await readPage<CreditEntry>(
    db,
    ledgerOrder,
    { limit, cursor },
    (rowCount) => sql`
    select ${entryColumns} from public.credit_ledger as e
    where e.tenant_id = ${tenantId} and (${cursor?.version}::bigint is null or e.version < ${cursor?.version})
    order by e.version desc limit ${rowCount}`,
  )
  return { entries: rows, next_cursor }
}

/** A page of reservations, the newest first. One that is over is shown as expired, also before that is entered. */
export async function listReservations(
  db: Db,
  tenantId: string,
  { limit, cursor }: ReservationQuery,
): Promise<CreditReservations> {
  const { rows, next_cursor } = await readPage<CreditReservation>(
    db,
    reservationOrder,
    { limit, cursor },
    (rowCount) => sql`
    select private.ulid(r.id) as ref_id, case when r.status = 'open' and r.expires_at <= now() then 'expired' else r.status::text end as status,
      r.credits::float8 as credits, r.credits_consumed::float8 as credits_consumed, r.credits_refunded::float8 as credits_refunded,
      r.activity_run_id, r.deliverable_type, r.expires_at, r.created_at,
      case when r.status = 'open' and r.expires_at <= now() then r.expires_at else r.closed_at end as closed_at
    from public.credit_reservations as r
    where r.tenant_id = ${tenantId} and (${cursor?.ref_id}::text is null or r.id < private.ulid_to_uuid(${cursor?.ref_id}))
    order by r.id desc limit ${rowCount}`,
  )
  return { reservations: rows, next_cursor }
}

/** A page of statements, the newest month first. */
export async function listStatements(
  db: Db,
  tenantId: string,
  { limit, cursor }: StatementQuery,
): Promise<CreditStatements> {
  // The month may have ended since the last entry.
  await db.one(sql`select version from public.read_credits(${tenantId})`)
  const { rows, next_cursor } = await readPage<CreditStatement>(
    db,
    statementOrder,
    { limit, cursor },
    (rowCount) => sql`
    select p.period_start::text as period_start, p.period_end::text as period_end, p.opening::float8 as opening,
      p.allocated::float8 as allocated, p.topped_up::float8 as topped_up, coalesce(b.credits_consumed, p.consumed)::float8 as consumed,
      p.refunded::float8 as refunded, p.adjusted::float8 as adjusted, p.expired::float8 as expired,
      coalesce(b.credits_available, p.closing)::float8 as closing, p.closing is null as is_open
    from public.credit_periods as p
    -- Of the present month both numbers stand in the balance.
    left join public.credit_balances as b on b.tenant_id = p.tenant_id and p.closing is null
    where p.tenant_id = ${tenantId} and (${cursor?.period_start}::date is null or p.period_start < ${cursor?.period_start}::date)
    order by p.period_start desc limit ${rowCount}`,
  )
  return { statements: rows, next_cursor }
}
