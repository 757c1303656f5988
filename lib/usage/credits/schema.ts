import { z } from 'zod'
import { keyset, moment, nextCursor, offsetMoment, pageParameters, refId } from '../../db/index.ts'

/** Bounds what one operation moves. */
const maxCredits = 1_000_000_000
/** Reservations in one batch. */
const maxReservations = 100
const maxSeconds = 86_400

const entryTypes = [
  'allocated',
  'topup',
  'reserved',
  'consumed',
  'released',
  'refunded',
  'adjusted',
  'expired',
] as const
const statuses = ['open', 'consumed', 'released', 'expired'] as const

const key = z.string().min(1).max(200).meta({
  description: 'The same key repeats the operation and changes nothing. Each other one needs its own.',
})
const positive = z.int().min(1).max(maxCredits)
const text = (max: number) => z.string().trim().min(1).max(max)

/** What a tenant has in credits at this moment. */
export const CreditBalance = z
  .strictObject({
    credits_available: z.int().meta({ description: 'What there is, with what is reserved.' }),
    credits_reserved: z.int(),
    credits_free: z.int().meta({ description: 'What can be reserved now.' }),
    credits_topup: z.int().meta({ description: 'What is left of top-ups. They are consumed first.' }),
    credits_monthly: z.int().meta({ description: 'What was allocated this month.' }),
    credits_consumed: z.int().meta({ description: 'What was consumed this month.' }),
    period_start: z.iso.date(),
    period_end: z.iso.date(),
    next_reset_at: moment,
  })
  .meta({ id: 'CreditBalance' })

/** A change of a balance, as the ledger has it. */
export const CreditEntry = z
  .strictObject({
    version: z.int().meta({ description: 'Counts from 1 in each tenant, without a gap.' }),
    type: z.enum(entryTypes),
    credits: z.int().meta({ description: 'By how much credits_available changed.' }),
    credits_held: z.int().meta({ description: 'By how much credits_reserved changed.' }),
    available_after: z.int().meta({ description: 'What credits_available was then.' }),
    reserved_after: z.int(),
    reservation: refId.nullable(),
    activity_run_id: z.uuid().nullable(),
    deliverable_type: z.string().nullable(),
    topup_order_id: z.string().nullable(),
    expires_at: moment
      .nullable()
      .meta({ description: 'Until when what was reserved or added lasts; null for ever.' }),
    actor: z.string(),
    note: z.string().nullable(),
    idempotency_key: z.string().nullable(),
    created_at: moment,
  })
  .meta({ id: 'CreditEntry' })

/** Credits that are held for work in progress. */
export const CreditReservation = z
  .strictObject({
    ref_id: refId,
    status: z.enum(statuses),
    credits: z.int(),
    credits_consumed: z.int(),
    credits_refunded: z.int(),
    activity_run_id: z.uuid().nullable(),
    deliverable_type: z.string().nullable(),
    expires_at: moment,
    created_at: moment,
    closed_at: moment.nullable(),
  })
  .meta({ id: 'CreditReservation' })

/** What happened to a tenant's credits in a month. */
export const CreditStatement = z
  .strictObject({
    period_start: z.iso.date(),
    period_end: z.iso.date(),
    opening: z.int(),
    allocated: z.int(),
    topped_up: z.int(),
    consumed: z.int(),
    refunded: z.int(),
    adjusted: z.int().meta({ description: 'Negative if more was taken than added.' }),
    expired: z.int(),
    closing: z.int(),
    is_open: z.boolean().meta({ description: 'Whether it is the present month, and so far only.' }),
  })
  .meta({
    id: 'CreditStatement',
    description: 'opening + allocated + topped_up - consumed + refunded + adjusted - expired = closing.',
  })

export const ledgerOrder = keyset('credit_ledger', { version: z.int().min(1) })
export const LedgerQuery = z.strictObject(pageParameters(ledgerOrder))
export const CreditLedger = z
  .strictObject({ entries: z.array(CreditEntry), next_cursor: nextCursor })
  .meta({ id: 'CreditLedger' })

export const reservationOrder = keyset('credit_reservations', { ref_id: refId })
export const ReservationQuery = z.strictObject(pageParameters(reservationOrder))
export const CreditReservations = z
  .strictObject({ reservations: z.array(CreditReservation), next_cursor: nextCursor })
  .meta({ id: 'CreditReservations' })

export const statementOrder = keyset('credit_statements', { period_start: z.iso.date() })
export const StatementQuery = z.strictObject(pageParameters(statementOrder))
export const CreditStatements = z
  .strictObject({ statements: z.array(CreditStatement), next_cursor: nextCursor })
  .meta({ id: 'CreditStatements' })

const seconds = z
  .int()
  .min(1)
  .max(maxSeconds)
  .default(900)
  .meta({ description: 'For how long the credits are held.' })

export const NewReservation = z
  .strictObject({
    credits: positive,
    idempotency_key: key,
    expires_in_seconds: seconds,
    activity_run_id: z.uuid().optional(),
    deliverable_type: text(100).optional(),
  })
  .meta({ id: 'NewCreditReservation' })

export const NewReservations = z
  .strictObject({
    reservations: z
      .array(z.strictObject({ credits: positive, idempotency_key: key }))
      .min(1)
      .max(maxReservations),
    expires_in_seconds: seconds,
  })
  .meta({ id: 'NewCreditReservations' })

export const ReservationOutcomes = z
  .strictObject({
    reservations: z.array(
      z.strictObject({
        outcome: z.enum(['reserved', 'repeated', 'conflict', 'insufficient']),
        reservation: refId.nullable(),
        version: z.int().nullable(),
        expires_at: moment.nullable(),
      }),
    ),
  })
  .meta({ id: 'CreditReservationOutcomes', description: 'In the order of the request.' })

export const ReservationPath = z.object({ reservation: refId })

export const Consumption = z
  .strictObject({ credits: z.int().min(0).max(maxCredits), idempotency_key: key })
  .meta({ id: 'CreditConsumption' })
export const Release = z.strictObject({ idempotency_key: key }).meta({ id: 'CreditRelease' })

const expiry = offsetMoment.nullable().optional()
const reason = { idempotency_key: key, actor: text(200), note: text(1000) }

export const TopUp = z
  .strictObject({
    credits: positive,
    order_ref: text(190).meta({ description: 'The order that paid. It adds credits once.' }),
    expires_at: expiry.meta({ description: 'The end of the month if it is missing; null for never.' }),
  })
  .meta({ id: 'CreditTopUp' })

export const Refund = z
  .strictObject({
    reservation: refId,
    credits: positive,
    ...reason,
    expires_at: expiry.meta({ description: 'Null or missing for never.' }),
  })
  .meta({ id: 'CreditRefund' })

export const Adjustment = z
  .strictObject({
    credits: z
      .int()
      .min(-maxCredits)
      .max(maxCredits)
      .refine((credits) => credits !== 0, 'must not be 0'),
    ...reason,
    expires_at: expiry.meta({ description: 'Of credits that are added. Null or missing for never.' }),
  })
  .meta({ id: 'CreditAdjustment' })

export type CreditBalance = z.infer<typeof CreditBalance>
export type CreditEntry = z.infer<typeof CreditEntry>
export type CreditLedger = z.infer<typeof CreditLedger>
export type LedgerQuery = z.output<typeof LedgerQuery>
export type CreditReservation = z.infer<typeof CreditReservation>
export type CreditReservations = z.infer<typeof CreditReservations>
export type ReservationQuery = z.output<typeof ReservationQuery>
export type CreditStatement = z.infer<typeof CreditStatement>
export type CreditStatements = z.infer<typeof CreditStatements>
export type StatementQuery = z.output<typeof StatementQuery>
export type NewReservation = z.output<typeof NewReservation>
export type NewReservations = z.output<typeof NewReservations>
export type ReservationOutcomes = z.infer<typeof ReservationOutcomes>
export type Consumption = z.output<typeof Consumption>
export type TopUp = z.output<typeof TopUp>
export type Refund = z.output<typeof Refund>
export type Adjustment = z.output<typeof Adjustment>
