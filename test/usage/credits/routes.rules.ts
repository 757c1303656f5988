import { admin } from '../../kit/db.ts'
import { keyWith, member, type RouteRules, reader, service } from '../../kit/rules/routes.ts'
import type { Tenant } from '../../kit/tenants.ts'
import { freshKey, reserve } from './ledger.ts'

const mayRead = [reader, service, keyWith('credits:read')]
const mayWrite = [member, service, keyWith('credits:write')]

async function openReservation({ id }: Tenant): Promise<string> {
  const { reservation_id } = await reserve(id, 5)
  const { rows } = await admin.query<{ ref_id: string }>('select private.ulid($1) as ref_id', [
    reservation_id,
  ])
  return rows[0]!.ref_id
}

/** One that a body names: every tenant that a secret key is tried with has it. */
const adjustment = () => ({ credits: 5, idempotency_key: freshKey(), actor: 'admin:test', note: 'A test.' })

export default {
  'GET /usage/credits': { may: mayRead },
  'GET /usage/credits/ledger': { may: mayRead },
  'GET /usage/credits/reservations': { noScreen: 'the ledger shows what became of them', may: mayRead },
  'GET /usage/credits/statements': { may: mayRead },
  'POST /usage/credits/reservations': {
    noScreen: 'programs call it',
    unaudited: 'entries of the ledger are records themselves',
    may: mayWrite,
    body: () => ({ credits: 1, idempotency_key: freshKey() }),
  },
  'POST /usage/credits/reservations/batch': {
    noScreen: 'programs call it',
    unaudited: 'entries of the ledger are records themselves',
    may: mayWrite,
    body: () => ({ reservations: [{ credits: 1, idempotency_key: freshKey() }] }),
  },
  'POST /usage/credits/reservations/:reservation/consume': {
    noScreen: 'programs call it',
    unaudited: 'entries of the ledger are records themselves',
    may: mayWrite,
    where: { reservation: openReservation },
    body: () => ({ credits: 1, idempotency_key: freshKey() }),
  },
  'POST /usage/credits/reservations/:reservation/release': {
    noScreen: 'programs call it',
    unaudited: 'entries of the ledger are records themselves',
    may: mayWrite,
    where: { reservation: (tenant) => openReservation(tenant) },
    body: () => ({ idempotency_key: freshKey() }),
  },
  'POST /usage/credits/top-ups': {
    may: [service],
    body: () => ({ credits: 5, order_ref: freshKey() }),
  },
  'POST /usage/credits/refunds': {
    may: [service],
    // Whom it is refused learns nothing of the reservation; who may hears that there is none.
    gives: 404,
    body: () => ({ ...adjustment(), reservation: '01JD3N8Q4ZB6T2V9XK5M7R0C1E' }),
  },
  'POST /usage/credits/adjustments': { may: [service], body: adjustment },
} satisfies RouteRules
