import { isNamed, tenantNotFound } from '../../auth/index.ts'
import { type Db, Problem, sql, ulidOf } from '../../db/index.ts'
import { entryColumns } from './reading.ts'
import type {
  Adjustment,
  Consumption,
  CreditEntry,
  NewReservation,
  NewReservations,
  Refund,
  ReservationOutcomes,
  TopUp,
} from './schema.ts'

/** Holds credits for work that begins now. 402 insufficient_credits, 409 idempotency_conflict. */
export function reserveCredits(db: Db, tenantId: string, wanted: NewReservation): Promise<CreditEntry> {
  const { credits, idempotency_key, expires_in_seconds, activity_run_id, deliverable_type } = wanted
  return db.one<CreditEntry>(sql`
    select ${entryColumns} from public.reserve_credits(${tenantId}, ${credits}, ${idempotency_key}, ${expires_in_seconds},
      ${activity_run_id}, ${deliverable_type}) as e`)
}

/** Holds credits for many pieces of work. Each is answered on its own, in the order of the request. */
export async function reserveMany(
  db: Db,
  tenantId: string,
  { reservations, expires_in_seconds }: NewReservations,
): Promise<ReservationOutcomes> {
  const rows = await db.query<{
    outcome: ReservationOutcomes['reservations'][number]['outcome']
    reservation_id: string | null
    version: number | null
    expires_at: Date | null
  }>(sql`
    select r.outcome, r.reservation_id, r.version::float8 as version, r.expires_at
    from public.reserve_credits_batch(${tenantId}, ${reservations.map(({ credits }) => credits)},
      ${reservations.map(({ idempotency_key }) => idempotency_key)}, ${expires_in_seconds}) as r
    order by r.n`)
  return {
    reservations: rows.map(({ reservation_id, ...row }) => ({
      ...row,
      reservation: reservation_id && ulidOf(reservation_id),
    })),
  }
}

/** Ends a reservation with what its work took. 402 insufficient_credits, 404 reservation_not_found, 409 reservation_closed. */
export function consumeCredits(
  db: Db,
  tenantId: string,
  reservation: string,
  { credits, idempotency_key }: Consumption,
): Promise<CreditEntry> {
  return db.one<CreditEntry>(sql`
    select ${entryColumns}
    from public.consume_credits(${tenantId}, private.ulid_to_uuid(${reservation}), ${credits}, ${idempotency_key}) as e`)
}

/** Ends a reservation that was not used. 404 reservation_not_found, 409 reservation_closed. */
export function releaseCredits(
  db: Db,
  tenantId: string,
  reservation: string,
  idempotencyKey: string,
): Promise<CreditEntry> {
  return db.one<CreditEntry>(sql`
    select ${entryColumns}
    from public.release_credits(${tenantId}, private.ulid_to_uuid(${reservation}), ${idempotencyKey}) as e`)
}

/** Adds credits that an order paid for, once. For the service. */
export async function topUpCredits(
  db: Db,
  tenantName: string | undefined,
  { credits, order_ref, expires_at }: TopUp,
): Promise<CreditEntry> {
  const tenantId = await findTenant(db, tenantName)
  const until = expires_at === null ? 'infinity' : expires_at
  return db.one<CreditEntry>(sql`
    select ${entryColumns} from private.top_up_credits(${tenantId}, ${credits}, ${order_ref}, ${until}) as e`)
}

/** Gives back what a reservation consumed. For the service. 404 reservation_not_found, 409 refund_too_large. */
export async function refundCredits(
  db: Db,
  tenantName: string | undefined,
  { reservation, credits, idempotency_key, actor, note, expires_at }: Refund,
): Promise<CreditEntry> {
  const tenantId = await findTenant(db, tenantName)
  return db.one<CreditEntry>(sql`
    select ${entryColumns} from private.refund_credits(${tenantId}, private.ulid_to_uuid(${reservation}), ${credits},
      ${idempotency_key}, ${actor}, ${note}, ${expires_at}) as e`)
}

/** Corrects a balance by hand. For the service. 402 insufficient_credits. */
export async function adjustCredits(
  db: Db,
  tenantName: string | undefined,
  { credits, idempotency_key, actor, note, expires_at }: Adjustment,
): Promise<CreditEntry> {
  const tenantId = await findTenant(db, tenantName)
  return db.one<CreditEntry>(sql`
    select ${entryColumns} from private.adjust_credits(${tenantId}, ${credits}, ${idempotency_key}, ${actor}, ${note},
      ${expires_at}) as e`)
}

/** The service is no member, so the tenant of its header is looked up here. */
async function findTenant(db: Db, name: string | undefined): Promise<string> {
  if (name === undefined)
    throw new Problem('tenant_required', 'Name the tenant by its slug or ref_id in the header x-tenant.')
  const [tenant] = await db.query<{ id: string }>(sql`
    select t.id from public.tenants as t where ${isNamed(name)} and t.status <> 'archived'`)
  if (!tenant) throw tenantNotFound('There is no such tenant, or it is archived.')
  return tenant.id
}
