import { type Asker, type Db, serviceFor, sql } from '../../db/index.ts'
import type { Reach } from './fault.ts'
import { noSuchProvider, readIdentityProvider } from './queries.ts'
import type { IdentityProvider, IdpKind } from './schema.ts'
import { judge, record, type Subject } from './verdict.ts'

/**
 * Checks a provider by asking it, and records the result. Only the service may record it, so the check's own
 * statements run as the service for the asker. Before that, SQL checks that the caller may start a check. If the provider fails,
 * no Problem is thrown: the result is unverified and has last_check_error. 404 not_found; 409 idp_changed if
 * somebody changed the settings during the check; 429 idp_just_checked, too_many_idp_checks.
 */
export async function checkIdentityProvider(
  db: Db,
  { claims, headers }: Asker,
  tenantId: string,
  type: IdpKind,
  reach: Reach = {},
): Promise<IdentityProvider> {
  await db.query(sql`select private.require_permission(${tenantId}, 'manage')`)
  const service = serviceFor(claims, headers)
  const [subject] = await service.query<Subject | { type: null }>(sql`
    select c.type, c.revision, c.metadata from private.begin_idp_check(${tenantId}, ${type}::public.idp_kind) as c`)
  if (!subject?.type) throw noSuchProvider(type)
  // No transaction is open while somebody else's server is waited for.
  const verdict = await judge(service, tenantId, subject, reach)
  await record(service, tenantId, subject, verdict)
  return readIdentityProvider(db, tenantId, type)
}
