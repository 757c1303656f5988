import { type Db, sql } from '../../db/index.ts'
import type { ForgottenPerson } from './schema.ts'

/**
 * Erases what a tenant holds about the person with this e-mail address, and says what was kept and why. Harmless to
 * repeat. 409 is_member; 422 invalid_value when it is no address; the refusals of "manage".
 */
export async function forgetPerson(db: Db, tenantId: string, email: string): Promise<ForgottenPerson> {
  const { answer } = await db.one<{ answer: ForgottenPerson }>(
    sql`select public.forget_person(${tenantId}, ${email}) as answer`,
  )
  return answer
}
