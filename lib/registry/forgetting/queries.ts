import { type Db, sql } from '../../db/index.ts'
import type { ForgetRequest, ForgottenPerson } from './schema.ts'

/**
 * Erases what a tenant holds about the person with this e-mail address, or about this participant, and says what was kept
 * and why. Harmless to repeat. 404 not_found for no participant of the tenant; 409 is_member; 422 invalid_value when it is no
 * address; the refusals of "manage".
 */
export async function forgetPerson(
  db: Db,
  tenantId: string,
  { email, participant }: ForgetRequest,
): Promise<ForgottenPerson> {
  const { answer } = await db.one<{ answer: ForgottenPerson }>(
    participant === undefined
      ? sql`select public.forget_person(${tenantId}, ${email}) as answer`
      : sql`select public.forget_participant(${tenantId}, private.ulid_to_uuid(${participant})) as answer`,
  )
  return answer
}
