import { type Asker, Problem, serviceFor, sql } from '../../db/index.ts'
import type { NewPhoneNumber, PhoneCode, PhoneNumber } from './schema.ts'

/** The number of a person, and the one to which a code was sent. */
export async function readPhone(
  { claims, headers }: Asker,
  tenantId: string,
  person: string,
): Promise<PhoneNumber> {
  const { phone, phone_verified_at, asked_phone, asked_until } = await serviceFor(claims, headers).one<{
    phone: string | null
    phone_verified_at: string | null
    asked_phone: string | null
    asked_until: string | null
  }>(sql`select * from private.read_phone(${tenantId}, ${person})`)
  const asked = asked_phone && asked_until ? { phone: asked_phone, until: asked_until } : null
  return { phone, verified_at: phone_verified_at, asked }
}

/**
 * Sends a code to a number. The answer is the same for every number, whoever has it. 409 no_phone_provider;
 * 429 too_many_phone_codes.
 */
export async function askForPhone(
  asker: Asker,
  tenantId: string,
  person: string,
  { phone, channel }: NewPhoneNumber,
): Promise<PhoneNumber> {
  await serviceFor(asker.claims, asker.headers).query(sql`
    select private.send_phone_code(${tenantId}, ${person}, ${phone}, ${channel}::public.notification_channel)`)
  return readPhone(asker, tenantId, person)
}

/** Makes the number the person's own. 422 phone_code_wrong, whatever is wrong with the code. */
export async function confirmPhone(
  asker: Asker,
  tenantId: string,
  person: string,
  { code }: PhoneCode,
): Promise<PhoneNumber> {
  // Committed before it is refused, so that the try counts.
  const { is_right } = await serviceFor(asker.claims, asker.headers).one<{ is_right: boolean }>(
    sql`select private.confirm_phone(${tenantId}, ${person}, ${code}) as is_right`,
  )
  if (!is_right)
    throw new Problem('phone_code_wrong', 'This is not the code that was sent last, or it is too old.', {
      errors: [{ pointer: '/code', detail: 'is not the code that was sent last' }],
    })
  return readPhone(asker, tenantId, person)
}

/** Nothing is sent to it any more. */
export async function removePhone({ claims, headers }: Asker, person: string): Promise<void> {
  await serviceFor(claims, headers).query(
    sql`update public.user_profiles set phone = null where user_id = ${person}`,
  )
}
