import { createHash, randomBytes } from 'node:crypto'
import { isNamed, tenantNotFound, unauthenticated } from '../auth/index.ts'
import { admin, callerDb, type Db, type RequestHeaders, sql } from '../db/index.ts'

const prefix = 'tav_'

/** Whether a credential has the form of a viewer token, valid or not. */
export function isViewerToken(credential: string): boolean {
  return credential.startsWith(prefix)
}

/**
 * A token that can read this tenant's audit log for at most 15 minutes. Only its hash is stored. It can read
 * what its issuer may read at that moment, so it ends when the issuer's membership ends.
 */
export async function issueViewerToken(
  db: Db,
  tenantId: string,
  ttlSeconds = 900,
): Promise<{ token: string; expires_at: Date }> {
  const token = prefix + randomBytes(32).toString('base64url')
  const { expires_at } = await db.one<{ expires_at: Date }>(
    sql`select private.issue_audit_viewer(${tenantId}, ${hashOf(token)}, ${ttlSeconds}) as expires_at`,
  )
  return { token, expires_at }
}

/** Ends the caller's own viewer tokens for a tenant. */
export function revokeViewerTokens(db: Db, tenantId: string): Promise<{ revoked: number }> {
  return db.one(sql`select private.revoke_audit_viewers(${tenantId}) as revoked`)
}

/**
 * Verifies a viewer token. Gives its tenant, and a Db that reads as its issuer. 401 unauthenticated if the token
 * is unknown, expired or revoked; 404 tenant_not_found if the request names another tenant.
 */
export async function enterAsViewer(
  token: string,
  tenantName: string,
  headers: RequestHeaders,
): Promise<{ db: Db; tenantId: string }> {
  const [viewer] = await admin.query<{ user_id: string; tenant_id: string; is_named: boolean }>(sql`
    select v.user_id, v.tenant_id, ${isNamed(tenantName)} as is_named
    from private.audit_viewers as v join public.tenants as t on t.id = v.tenant_id
    where v.token_hash = ${hashOf(token)} and v.expires_at > now()`)
  if (!viewer) {
    const detail = 'The viewer token is unknown, over or revoked. Ask for a new one.'
    throw unauthenticated('unauthenticated', detail, 'audit viewer token')
  }
  if (!viewer.is_named) throw tenantNotFound('There is no such tenant, or this token is not for it.')
  // What its issuer needed a second factor for, it was issued with one. It reads this one tenant's log and does nothing else.
  const claims = { role: 'authenticated', sub: viewer.user_id, aal: 'aal2' } as const
  return { db: callerDb(claims, headers), tenantId: viewer.tenant_id }
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
