import { type Db, Problem, sql, ulidOf } from '../../db/index.ts'
import type { Member, MemberChange, Roles } from './schema.ts'

/** Everybody with a membership in a tenant, in any state, the oldest membership first. */
export function listMembers(db: Db, tenantId: string): Promise<Member[]> {
  return db.query<Member>(sql`
    select u.ref_id, u.name, u.email, m.role, m.status, m.created_at
    from public.tenant_members as m join public.user_profiles as u on u.user_id = m.user_id
    where m.tenant_id = ${tenantId} order by m.created_at, m.user_id`)
}

/** Changes a member's role or status. 404 not_found; 403 forbidden if somebody else than an owner changes an owner; 409 last_owner. */
export function updateMember(
  db: Db,
  tenantId: string,
  userRef: string,
  { role, status }: MemberChange,
): Promise<Member> {
  return db.transaction(async (tx) => {
    await findMember(tx, tenantId, userRef)
    const changed = await tx.query(sql`
      update public.tenant_members as m set role = coalesce(${role}, m.role), status = coalesce(${status}, m.status)
      where m.tenant_id = ${tenantId} and m.user_id = private.ulid_to_uuid(${userRef}) returning 1`)
    if (changed.length === 0) throw ownersOnly()
    return findMember(tx, tenantId, userRef)
  })
}

/**
 * Ends a membership. Anybody may end their own, in a frozen tenant too. Ending another's takes the permission
 * "manage". 404 not_found; 403 forbidden if somebody else than an owner removes an owner; 409 last_owner.
 */
export function removeMember(db: Db, tenantId: string, userRef: string, callerId: string): Promise<void> {
  return db.transaction(async (tx) => {
    if (userRef === ulidOf(callerId)) {
      await tx.query(sql`select public.leave_tenant(${tenantId})`)
      return
    }
    await tx.query(sql`select private.require_permission(${tenantId}, 'manage')`)
    await findMember(tx, tenantId, userRef)
    const removed = await tx.query(sql`
      delete from public.tenant_members as m
      where m.tenant_id = ${tenantId} and m.user_id = private.ulid_to_uuid(${userRef}) returning 1`)
    if (removed.length === 0) throw ownersOnly()
  })
}

/** Makes an active member the owner and the caller an admin. 404 not_found; 409 member_not_active; 422 for oneself. */
export function transferOwnership(db: Db, tenantId: string, userRef: string): Promise<Member> {
  return db.transaction(async (tx) => {
    await tx.query(sql`select public.transfer_ownership(${tenantId}, private.ulid_to_uuid(${userRef}))`)
    return findMember(tx, tenantId, userRef)
  })
}

/** Every role and what it may do, for forms. */
export async function listRoles(db: Db): Promise<Roles> {
  return {
    roles: await db.query<Roles['roles'][number]>(sql`select role, permissions from public.list_roles()`),
  }
}

async function findMember(db: Db, tenantId: string, userRef: string): Promise<Member> {
  const [member] = await db.query<Member>(sql`
    select u.ref_id, u.name, u.email, m.role, m.status, m.created_at
    from public.tenant_members as m join public.user_profiles as u on u.user_id = m.user_id
    where m.tenant_id = ${tenantId} and m.user_id = private.ulid_to_uuid(${userRef})`)
  if (!member) throw new Problem('not_found', 'Nobody by this ref_id belongs to this tenant.')
  return member
}

/** RLS lets only owners change an owner: for everybody else it finds no row. */
function ownersOnly(): Problem {
  return new Problem('forbidden', "Only an owner may change or end an owner's membership.")
}
