import { type Db, sql } from '../../db/index.ts'
import { shownSecret } from './chosen-secret.ts'
import type { SigningSecret } from './schema.ts'

/** The secrets that verify an endpoint's messages. Reading them is recorded in the audit log. 404 not_found. */
export async function revealSecret(db: Db, tenantId: string, ref: string): Promise<SigningSecret> {
  const { secret } = await db.one<{ secret: string }>(sql`
    select public.reveal_webhook_secret(${tenantId}, private.ulid_to_uuid(${ref})) as secret`)
  return shownSecret(secret)
}
