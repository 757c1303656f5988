import { callerDb, type Db, type FieldError, Problem, type RequestHeaders, sql } from '../../db/index.ts'
import { locationErrors, panErrors } from './india.ts'
import {
  type Billing,
  type Company,
  type Contact,
  type Location,
  type OfferedPlans,
  plans,
  type Registration,
} from './schema.ts'
import { hashOf, invitationTokenOf, isRegistrationToken, makeRegistrationToken } from './token.ts'

/** A browser that registers: its cookie, who is signed in there, and where its request comes from. */
export interface Registrant {
  /** As the cookie says it, whatever that is. */
  token: string | undefined
  userId: string | null
  headers: RequestHeaders
}

const columns = sql`
  ref_id, current_step, user_id is not null as is_signed_in, contact_data as contact, company_data as company,
  location_data as location, billing_data as billing, plan_selected as plan, expires_at`

/** The service, because a stranger has no tenant. What it may touch follows from the token of the cookie. */
export const serviceOf = ({ headers }: Pick<Registrant, 'headers'>): Db =>
  callerDb({ role: 'service_role' }, headers)

/** The hash of the browser's token. 404 registration_not_found without one. */
export function tokenHashOf({ token }: Pick<Registrant, 'token'>): Buffer {
  if (isRegistrationToken(token)) return hashOf(token)
  throw new Problem('registration_not_found', 'This browser has no registration. Begin with the first step.')
}

/**
 * The first step. A browser that is registering changes its first step, and any other begins: the token is then to be
 * set as its cookie. 429 too_many_registrations.
 */
export async function beginRegistration(
  registrant: Registrant,
  contact: Contact,
): Promise<{ registration: Registration; token: string | null }> {
  try {
    return { registration: await saveStep(registrant, 1, contact), token: null }
  } catch (thrown) {
    const isNew =
      thrown instanceof Problem && ['registration_not_found', 'registration_ended'].includes(thrown.code)
    if (!isNew) throw thrown
  }
  const token = makeRegistrationToken()
  const invitation = hashOf(invitationTokenOf(token))
  const registration = await serviceOf(registrant).one<Registration>(sql`
    select ${columns} from private.begin_registration(${hashOf(token)}, ${invitation},
      ${JSON.stringify(contact)}::jsonb, ${registrant.userId}::uuid)`)
  return { registration, token }
}

/** How far the browser's registration is. 404 registration_not_found; 410 registration_ended. */
export function readRegistration(registrant: Registrant): Promise<Registration> {
  return serviceOf(registrant).one(
    sql`select ${columns} from private.find_registration(${tokenHashOf(registrant)})`,
  )
}

/** The second step. 409 step_not_reached; 410 registration_ended; 422 invalid_body. */
export async function saveCompany(registrant: Registrant, company: Company): Promise<Registration> {
  const { contact } = await readRegistration(registrant)
  refuse(panErrors((contact as Contact).country, company.pan_number))
  return saveStep(registrant, 2, company)
}

/** The third step. 409 step_not_reached; 410 registration_ended; 422 invalid_body. */
export async function saveLocation(registrant: Registrant, location: Location): Promise<Registration> {
  const { contact, company } = await readRegistration(registrant)
  const pan = (company as Company | null)?.pan_number ?? null
  refuse(locationErrors((contact as Contact).country, pan, location))
  return saveStep(registrant, 3, location)
}

/** The fourth step. 409 step_not_reached; 410 registration_ended. */
export async function saveBilling(
  registrant: Registrant,
  { plan, ...billing }: Billing,
): Promise<Registration> {
  const { company } = await readRegistration(registrant)
  const name = billing.name ?? (company as Company | null)?.brand_name ?? ''
  return saveStep(registrant, 4, { ...billing, name }, plan)
}

function saveStep(registrant: Registrant, step: number, data: object, plan: string | null = null) {
  return serviceOf(registrant).one<Registration>(sql`
    select ${columns} from private.save_registration_step(${tokenHashOf(registrant)}, ${step},
      ${JSON.stringify(data)}::jsonb, ${plan}, ${registrant.userId}::uuid)`)
}

function refuse(errors: FieldError[]): void {
  if (errors.length > 0)
    throw new Problem('invalid_body', 'The body does not fit what is expected here.', { errors })
}

/** What a stranger can choose, the cheapest first. */
export async function listOfferedPlans(headers: RequestHeaders): Promise<OfferedPlans> {
  const rows = await serviceOf({ headers }).query<OfferedPlans['plans'][number]>(sql`
    select plan, name, price_minor, currency from public.plans
    where plan = any (${[...plans]}::text[]) order by price_minor`)
  return { plans: rows }
}
