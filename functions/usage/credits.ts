import { Hono } from 'hono'
import { body, describeRoute, params, query, router } from '../../lib/http/index.ts'
import {
  Adjustment,
  adjustCredits,
  Consumption,
  CreditBalance,
  CreditEntry,
  CreditLedger,
  CreditReservations,
  CreditStatements,
  consumeCredits,
  LedgerQuery,
  listCreditEntries,
  listReservations,
  listStatements,
  NewReservation,
  NewReservations,
  Refund,
  Release,
  ReservationOutcomes,
  ReservationPath,
  ReservationQuery,
  readCredits,
  refundCredits,
  releaseCredits,
  reserveCredits,
  reserveMany,
  StatementQuery,
  TopUp,
  topUpCredits,
} from '../../lib/usage/index.ts'

const entry = {
  200: { description: 'The entry in the ledger, also for a repeated key.', schema: CreditEntry },
}

const read = router({ auth: 'member', permission: 'read', service: true, key: 'credits:read' })
  .get(
    '/',
    describeRoute('Read the balance of credits', {
      200: { description: 'At this moment.', schema: CreditBalance },
    }),
    async (c) => c.json(await readCredits(c.var.db, c.var.tenant.id)),
  )
  .get(
    '/ledger',
    describeRoute('List every change of the credits, the newest first', {
      200: { description: 'A page of entries.', schema: CreditLedger },
    }),
    query(LedgerQuery),
    async (c) => c.json(await listCreditEntries(c.var.db, c.var.tenant.id, c.req.valid('query'))),
  )
  .get(
    '/reservations',
    describeRoute('List reservations of credits, the newest first', {
      200: { description: 'A page of them, whatever became of them.', schema: CreditReservations },
    }),
    query(ReservationQuery),
    async (c) => c.json(await listReservations(c.var.db, c.var.tenant.id, c.req.valid('query'))),
  )
  .get(
    '/statements',
    describeRoute('List what happened to the credits in each month, the newest first', {
      200: { description: 'A page of statements.', schema: CreditStatements },
    }),
    query(StatementQuery),
    async (c) => c.json(await listStatements(c.var.db, c.var.tenant.id, c.req.valid('query'))),
  )

const write = router({ auth: 'member', permission: 'write', service: true, key: 'credits:write' })
  .post(
    '/reservations',
    describeRoute('Reserve credits for work that begins now', entry, [
      'insufficient_credits',
      'idempotency_conflict',
    ]),
    body(NewReservation),
    async (c) => c.json(await reserveCredits(c.var.db, c.var.tenant.id, c.req.valid('json'))),
  )
  .post(
    '/reservations/batch',
    describeRoute('Reserve credits for up to 100 pieces of work', {
      200: { description: 'What became of each.', schema: ReservationOutcomes },
    }),
    body(NewReservations),
    async (c) => c.json(await reserveMany(c.var.db, c.var.tenant.id, c.req.valid('json'))),
  )
  .post(
    '/reservations/:reservation/consume',
    describeRoute('End a reservation with what its work took', entry, [
      'insufficient_credits',
      'reservation_not_found',
      'reservation_closed',
      'idempotency_conflict',
    ]),
    params(ReservationPath),
    body(Consumption),
    async (c) =>
      c.json(
        await consumeCredits(
          c.var.db,
          c.var.tenant.id,
          c.req.valid('param').reservation,
          c.req.valid('json'),
        ),
      ),
  )
  .post(
    '/reservations/:reservation/release',
    describeRoute('End a reservation that was not used', entry, [
      'reservation_not_found',
      'reservation_closed',
      'idempotency_conflict',
    ]),
    params(ReservationPath),
    body(Release),
    async (c) =>
      c.json(
        await releaseCredits(
          c.var.db,
          c.var.tenant.id,
          c.req.valid('param').reservation,
          c.req.valid('json').idempotency_key,
        ),
      ),
  )

const tenantHeader = 'x-tenant'

/** What changes how much there is, only the platform does. */
const grant = router({ auth: 'service', tenant: 'filter' })
  .post(
    '/top-ups',
    describeRoute('Add credits that an order paid for, to the tenant in x-tenant', entry, [
      'tenant_required',
      'tenant_not_found',
      'idempotency_conflict',
    ]),
    body(TopUp),
    async (c) => c.json(await topUpCredits(c.var.db, c.req.header(tenantHeader), c.req.valid('json'))),
  )
  .post(
    '/refunds',
    describeRoute('Give back what a reservation consumed, to the tenant in x-tenant', entry, [
      'tenant_required',
      'tenant_not_found',
      'reservation_not_found',
      'refund_too_large',
      'idempotency_conflict',
    ]),
    body(Refund),
    async (c) => c.json(await refundCredits(c.var.db, c.req.header(tenantHeader), c.req.valid('json'))),
  )
  .post(
    '/adjustments',
    describeRoute('Correct the balance of the tenant in x-tenant by hand', entry, [
      'tenant_required',
      'tenant_not_found',
      'insufficient_credits',
      'idempotency_conflict',
    ]),
    body(Adjustment),
    async (c) => c.json(await adjustCredits(c.var.db, c.req.header(tenantHeader), c.req.valid('json'))),
  )

export const credits = new Hono().route('/', read).route('/', write).route('/', grant)
