import { type Db, sql } from '../../db/index.ts'
import { readEndpoint } from '../endpoints/queries.ts'
import type { Endpoint } from '../endpoints/schema.ts'
import { chooseSecret, shownSecret } from './chosen-secret.ts'
import type { SigningSecret, SigningSecretRotation } from './schema.ts'

/** Replaces the secret. The old one signs too for the given seconds more. 404; 422 for a bad secret. */
export function rotateSecret(
  db: Db,
  tenantId: string,
  ref: string,
  { overlap_seconds: overlap = 86_400, ...wanted }: SigningSecretRotation,
): Promise<Endpoint & SigningSecret> {
  return db.transaction(async (tx) => {
    const secret = chooseSecret(wanted, (await readEndpoint(tx, tenantId, ref)).scheme)
    await tx.query(sql`
      select public.rotate_webhook_secret(${tenantId}, private.ulid_to_uuid(${ref}), ${secret}, ${overlap})`)
    return { ...(await readEndpoint(tx, tenantId, ref)), ...shownSecret(secret) }
  })
}
