import type { Caller, ChosenTenant } from '../../auth/index.ts'
import { type Db, Problem, readPage, sql } from '../../db/index.ts'
import { chooseSecret, shownSecret } from '../signing-secrets/chosen-secret.ts'
import { revealSecret } from '../signing-secrets/reveal-secret.ts'
import type { SigningSecret } from '../signing-secrets/schema.ts'
import {
  type Endpoint,
  type EndpointChange,
  type EndpointQuery,
  type Endpoints,
  endpointOrder,
  type NewEndpoint,
} from './schema.ts'
import { deliverableUrl } from './url.ts'

const endpointColumns = sql`
  e.ref_id, e.kind, e.url, e.description, e.event_types, e.scheme,
  array_remove(e.header_names, e.static_header) as header_names, e.static_header, e.rate_limit_per_second,
  not e.is_enabled as disabled, e.disabled_at, e.disabled_reason,
  case when e.previous_secret_expires_at > now() then e.previous_secret_expires_at end as previous_secret_expires_at,
  e.expires_at, e.created_at, e.updated_at`

/** A page of a tenant's endpoints, the newest first. */
export async function listEndpoints(
  db: Db,
  tenantId: string,
  { limit, cursor }: EndpointQuery,
): Promise<Endpoints> {
  const { rows, next_cursor } = await readPage<Endpoint>(
    db,
    endpointOrder,
    { limit, cursor },
    (rowCount) => sql`
    select ${endpointColumns} from public.webhook_endpoints as e
    where e.tenant_id = ${tenantId}
      and (${cursor?.ref_id}::text is null or e.id < private.ulid_to_uuid(${cursor?.ref_id}))
    order by e.id desc limit ${rowCount}`,
  )
  return { endpoints: rows, next_cursor }
}

/** One of them. 404 not_found. */
export async function readEndpoint(db: Db, tenantId: string, ref: string): Promise<Endpoint> {
  const [endpoint] = await db.query<Endpoint>(sql`
    select ${endpointColumns} from public.webhook_endpoints as e
    where e.tenant_id = ${tenantId} and e.ref_id = ${ref}`)
  if (!endpoint) throw new Problem('not_found', 'This tenant has no webhook endpoint with this ref_id.')
  return endpoint
}

/**
 * Creates an endpoint, with a secret of its own or the one it brings. The same key answers the first endpoint: its secret
 * is then read in Vault, which is recorded as any reading of it. 402 feature_not_in_plan, limit_reached; 409 conflict if
 * the key was used for another endpoint; 422 unknown_event_type; 422 invalid_value for a URL or a header that cannot be
 * used, and for a bad secret.
 */
export function createEndpoint(
  db: Db,
  tenantId: string,
  wanted: NewEndpoint,
  idempotencyKey: string | undefined,
): Promise<Endpoint & SigningSecret> {
  const secret = chooseSecret(wanted, 'hmac')
  const url = wanted.url === undefined ? null : deliverableUrl(wanted.url)
  return db.transaction(async (tx) => {
    const made = await tx.one<{ ref_id: string; is_new: boolean }>(sql`
      select ref_id, is_new from public.create_webhook_endpoint(tenant_id => ${tenantId}, secret => ${secret}, url => ${url},
        kind => ${wanted.kind ?? 'push'}, description => ${wanted.description ?? ''}, event_types => ${wanted.event_types},
        headers => ${JSON.stringify(wanted.headers ?? {})}, static_header => ${JSON.stringify(wanted.static_header ?? null)},
        rate_limit_per_second => ${wanted.rate_limit_per_second}, idempotency_key => ${idempotencyKey},
        ttl_seconds => ${wanted.ttl_seconds})`)
    const endpoint = await readEndpoint(tx, tenantId, made.ref_id)
    if (made.is_new) return { ...endpoint, ...shownSecret(secret) }
    const first = await revealSecret(tx, tenantId, made.ref_id)
    if (wanted.secret === undefined || wanted.secret === first.secret) return { ...endpoint, ...first }
    throw new Problem('conflict', 'The Idempotency-Key was used before with another secret.')
  })
}

/**
 * Changes what is named. Disabling alone needs "read_admin" of a person, every other change "manage". 404; 422 as on
 * creation; 422 header_values_required if the URL leads to another server and not all headers are given again or removed.
 */
export function updateEndpoint(
  { db, tenant, caller }: { db: Db; tenant: ChosenTenant; caller: Caller },
  ref: string,
  change: EndpointChange,
): Promise<Endpoint> {
  const { url, ...rest } = change
  const changes = url === undefined ? rest : { ...rest, url: deliverableUrl(url) }
  // No scope is for disabling alone: a key or a portal token changes an endpoint by one scope, in whatever way.
  const isOnlyDisabling =
    change.disabled === true && Object.keys(change).length === 1 && caller.kind === 'user'
  return db.transaction(async (tx) => {
    await tx.query(
      isOnlyDisabling
        ? sql`select public.disable_webhook_endpoint(${tenant.id}, private.ulid_to_uuid(${ref}))`
        : sql`select public.update_webhook_endpoint(${tenant.id}, private.ulid_to_uuid(${ref}), ${JSON.stringify(changes)})`,
    )
    return readEndpoint(tx, tenant.id, ref)
  })
}

/** A request must end before its function is cut off. */
const deletingMs = 100_000

/**
 * Deletes an endpoint with all its deliveries. 404 not_found; 503 unavailable if the endpoint has millions of
 * deliveries. It is disabled by then, and another call continues.
 */
export async function deleteEndpoint(db: Db, tenantId: string, ref: string): Promise<void> {
  const start = performance.now()
  for (;;) {
    const { is_gone } = await db.one<{ is_gone: boolean }>(sql`
      select public.delete_webhook_endpoint(${tenantId}, private.ulid_to_uuid(${ref})) as is_gone`)
    if (is_gone) return
    if (performance.now() - start > deletingMs) {
      const detail =
        'The endpoint is disabled, and a part of it deleted. Send the request again for the rest.'
      throw new Problem('unavailable', detail, { retryAfterSeconds: 1 })
    }
  }
}
