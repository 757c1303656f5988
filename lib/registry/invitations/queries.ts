import { createHash, randomBytes } from 'node:crypto'
import { admin, type Db, Problem, readPage, sql } from '../../db/index.ts'
import { readJoinedTenant } from '../tenants/queries.ts'
import type { Tenant } from '../tenants/schema.ts'
import {
  type Invitation,
  type InvitationPreview,
  type InvitationQuery,
  type InvitationResend,
  type Invitations,
  type InvitationWithToken,
  invitationOrder,
  type NewInvitation,
} from './schema.ts'

const aWeek = 168

const invitationColumns = sql`
  i.ref_id, i.email, i.role, i.expires_at, i.sent_at, i.created_at,
  case when i.accepted_at is not null then 'accepted' when i.revoked_at is not null then 'revoked'
    when i.expires_at <= now() then 'expired' else 'open' end as status`

/** A token of 256 random bits, and the hash that is stored. The prefix tells scanners for leaked secrets what they found. */
function makeToken(): { token: string; hash: Buffer } {
  const token = `tinv_${randomBytes(32).toString('base64url')}`
  return { token, hash: createHash('sha256').update(token).digest() }
}

/**
 * Offers a membership to an address, and mails it. The answer has the token too. It is kept only until it is mailed. 403 forbidden if
 * somebody else than an owner invites an owner, too_many_invitations; 409 already_member, already_invited.
 */
export function inviteMember(
  db: Db,
  tenantId: string,
  { email, role, expires_in_hours }: NewInvitation,
): Promise<InvitationWithToken> {
  const { token, hash } = makeToken()
  return db.transaction(async (tx) => {
    const { id } = await tx.one<{ id: string }>(sql`
      select id from public.invite_member(${tenantId}, ${email}, ${role}::public.tenant_role, ${hash},
        now() + make_interval(hours => ${expires_in_hours ?? aWeek}), ${token})`)
    return { ...(await readInvitation(tx, tenantId, id)), token }
  })
}

/** A page of a tenant's invitations, the newest first. */
export async function listInvitations(
  db: Db,
  tenantId: string,
  { limit, cursor }: InvitationQuery,
): Promise<Invitations> {
  const { rows, next_cursor } = await readPage<Invitation>(
    db,
    invitationOrder,
    { limit, cursor },
    (rowCount) => sql`
    select ${invitationColumns}
    from public.tenant_invitations as i
    where i.tenant_id = ${tenantId}
      and (${cursor?.ref_id}::text is null or i.id < private.ulid_to_uuid(${cursor?.ref_id}))
    order by i.id desc limit ${rowCount}`,
  )
  return { invitations: rows, next_cursor }
}

/**
 * Gives an open invitation a new token. The old token stops working. 404 not_found; 429 resent_too_soon; after ten
 * times 403 too_many_invitations.
 */
export function resendInvitation(
  db: Db,
  tenantId: string,
  ref: string,
  { expires_in_hours }: InvitationResend,
): Promise<InvitationWithToken> {
  const { token, hash } = makeToken()
  return db.transaction(async (tx) => {
    const { id } = await tx.one<{ id: string }>(sql`
      select id from public.resend_invitation(${tenantId}, private.ulid_to_uuid(${ref}), ${hash},
        now() + make_interval(hours => ${expires_in_hours ?? aWeek}), ${token})`)
    return { ...(await readInvitation(tx, tenantId, id)), token }
  })
}

/** Revokes an open invitation. 404 not_found. */
export async function revokeInvitation(db: Db, tenantId: string, ref: string): Promise<void> {
  await db.query(sql`select public.revoke_invitation(${tenantId}, private.ulid_to_uuid(${ref}))`)
}

/**
 * What an open invitation offers. It runs as the service, because the holder of a token may have no account yet. 404
 * invitation_not_found for a wrong, a used, an expired and a revoked token alike.
 */
export async function lookUpInvitation(token: string): Promise<InvitationPreview> {
  const [found] = await admin.query<InvitationPreview>(sql`
    select tenant_name, role, email_hint, expires_at from private.find_invitation(${token})`)
  if (found) return found
  const detail = 'There is no such invitation, or it is no longer open. Ask for a new one.'
  throw new Problem('invitation_not_found', detail)
}

/**
 * Makes the caller a member. 404 invitation_not_found; 403 invitation_not_yours, email_not_confirmed,
 * membership_deactivated; 409 already_member. If the same person calls it again, the answer is the same.
 */
export async function acceptInvitation(db: Db, token: string): Promise<Tenant> {
  const { tenant_id, role } = await db.one<{ tenant_id: string; role: Tenant['role'] }>(
    sql`select tenant_id, role from public.accept_invitation(${token})`,
  )
  return readJoinedTenant(db, tenant_id, role)
}

async function readInvitation(db: Db, tenantId: string, id: string): Promise<Invitation> {
  const [invitation] = await db.query<Invitation>(sql`
    select ${invitationColumns}
    from public.tenant_invitations as i where i.tenant_id = ${tenantId} and i.id = ${id}`)
  if (!invitation) throw new Problem('not_found', 'This tenant has no open invitation with this ref_id.')
  return invitation
}
