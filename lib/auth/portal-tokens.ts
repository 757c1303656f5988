import { createHash, randomBytes } from 'node:crypto'
import { admin, type Db, named, sql } from '../db/index.ts'
import type { ChosenTenant } from './tenant-choice.ts'
import { unauthenticated } from './verify-jwt.ts'

/** What can be opened by a token, and how its tokens begin. private.portals says with which scopes. */
const marks = { audit: 'tav_', webhooks: 'twp_' } as const
export type Portal = keyof typeof marks

/** A page in a frame, which holds a token of minutes that a person or a server lent it. */
export interface PortalToken {
  kind: 'portal_token'
  id: string
  portal: Portal
  tenant: ChosenTenant
  scopes: string[]
}

export interface IssuedPortalToken {
  token: string
  ref_id: string
  expires_at: Date
  scopes: string[]
}

interface Wish {
  ttl_seconds?: number | undefined
  can_write?: boolean | undefined
}

/**
 * A token that opens this portal of a tenant for at most 15 minutes. Only its hash is stored. It may do what its issuer
 * may do at that moment, so it ends when the issuer's membership or key ends. 403 forbidden if a key would lend more
 * than it has.
 */
export async function issuePortalToken(
  db: Db,
  tenantId: string,
  portal: Portal,
  { ttl_seconds: ttl = 900, can_write: canWrite = false }: Wish,
): Promise<IssuedPortalToken> {
  const token = marks[portal] + randomBytes(32).toString('base64url')
  const kept = await db.one<Omit<IssuedPortalToken, 'token'>>(
    sql`select * from private.issue_portal_token(${tenantId}, ${portal}, ${hashOf(token)}, ${ttl}, ${canWrite})`,
  )
  return { token, ...kept }
}

/** Ends the caller's own tokens for a portal of a tenant. */
export function revokePortalTokens(db: Db, tenantId: string, portal: Portal): Promise<{ revoked: number }> {
  return db.one(sql`select private.revoke_portal_tokens(${tenantId}, ${portal}) as revoked`)
}

/** Whether a credential has the form of a portal token, valid or not. */
export const isPortalToken = (credential: string): boolean =>
  Object.values(marks).some((mark) => credential.startsWith(mark))

/** Who holds this token. It is looked up each time, so that one that was ended is over at once. 401 unauthenticated. */
export async function readPortalToken(token: string): Promise<PortalToken> {
  const [found] = await admin.query<Row>(
    named('find_portal_token', sql`select * from private.find_portal_token(${hashOf(token)})`),
  )
  if (!found || !token.startsWith(marks[found.portal])) throw portalTokenOver()
  const tenant = { id: found.tenant_id, refId: found.tenant_ref_id, slug: found.tenant_slug }
  return { kind: 'portal_token', id: found.id, portal: found.portal, tenant, scopes: found.scopes }
}

/** SQL uses the same words. */
export function portalTokenOver() {
  const detail = 'The portal token is unknown, over or revoked. Ask for a new one.'
  return unauthenticated('unauthenticated', detail, 'portal token')
}

interface Row {
  tenant_id: string
  tenant_ref_id: string
  tenant_slug: string
  id: string
  portal: Portal
  scopes: string[]
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
