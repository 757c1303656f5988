import { type Db, readPage, sql } from '../../db/index.ts'
import { type ApiKey, type ApiKeyQuery, type ApiKeys, apiKeyOrder, type NewApiKey } from './schema.ts'

/** The stored parts of a key. The caller makes the key, which itself does not reach this file. */
export interface StoredKey {
  prefix: string
  hash: string
  lookup: Uint8Array
}

const keyColumns = sql`
  ref_id, name, prefix, scopes, product, rate_limit_per_minute, expires_at, replaced_at, switched_off_at, revoked_at, last_used_at,
  created_at`

/** A page of a tenant's keys, also of those that have ended, the newest first. */
export async function listApiKeys(
  db: Db,
  tenantId: string,
  { limit, cursor }: ApiKeyQuery,
): Promise<ApiKeys> {
  const { rows, next_cursor } = await readPage<ApiKey>(
    db,
    apiKeyOrder,
    { limit, cursor },
    (rowCount) => sql`
    select ${keyColumns} from public.api_keys
    where tenant_id = ${tenantId} and (${cursor?.ref_id}::text is null or id < private.ulid_to_uuid(${cursor?.ref_id}))
    order by id desc limit ${rowCount}`,
  )
  return { api_keys: rows, next_cursor }
}

/** Stores a new key. 409 conflict for a name in use; 422 invalid_value for an unknown scope or a past expiry. */
export function createApiKey(db: Db, tenantId: string, wanted: NewApiKey, key: StoredKey): Promise<ApiKey> {
  return db.one(sql`
    select ${keyColumns}
    from public.create_api_key(tenant_id => ${tenantId}, name => ${wanted.name}, scopes => ${wanted.scopes},
      prefix => ${key.prefix}, hash => ${key.hash}, lookup => ${key.lookup}, product => ${wanted.product},
      expires_at => ${wanted.expires_at}, rate_limit_per_minute => ${wanted.rate_limit_per_minute})`)
}

/** Replaces a key by a new one. The old key works for the given seconds more. 404 not_found; 409 api_key_ended. */
export function rotateApiKey(
  db: Db,
  tenantId: string,
  keyRef: string,
  overlapSeconds: number,
  key: StoredKey,
): Promise<ApiKey> {
  return db.one(sql`
    select ${keyColumns}
    from public.rotate_api_key(tenant_id => ${tenantId}, api_key_id => private.ulid_to_uuid(${keyRef}),
      prefix => ${key.prefix}, hash => ${key.hash}, lookup => ${key.lookup}, overlap_seconds => ${overlapSeconds})`)
}

/** Revokes a key for good, in a frozen tenant too. Harmless to repeat. 404 not_found. */
export function revokeApiKey(db: Db, tenantId: string, keyRef: string): Promise<ApiKey> {
  return db.one(sql`
    select ${keyColumns}
    from public.revoke_api_key(${tenantId}, private.ulid_to_uuid(${keyRef}))`)
}
