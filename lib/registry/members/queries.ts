import { type Db, Problem, readPage, type Sql, sql, ulidOf } from '../../db/index.ts'
import {
  type Member,
  type MemberChange,
  type MemberQuery,
  type Members,
  memberOrder,
  type Role,
  type RoleQuery,
  type Roles,
  roleOrder,
} from './schema.ts'

interface MemberRow extends Member {
  joined_at_micros: string
  user_id: string
}

const memberColumns = sql`u.ref_id, u.name, u.email, m.role, m.status, m.user_id, m.created_at`
/** Two roads lead into a tenant: somebody's decision, and the rule of a provider. */
const withProvider = (members: Sql, tenantId: string) => sql`
  with found as (${members})
  select f.*, r.provider as joined_by from found as f
  left join private.list_rule_providers(${tenantId}, array(select user_id from found)) as r on r.user_id = f.user_id`

/** A page of those who belong to a tenant, whatever the state of their membership, the newest first. */
export async function listMembers(
  db: Db,
  tenantId: string,
  { limit, cursor }: MemberQuery,
): Promise<Members> {
  // A Date has milliseconds and a row microseconds, so the position is counted in these.
  const { rows, next_cursor } = await readPage<MemberRow>(
    db,
    memberOrder,
    { limit, cursor },
    (rowCount) =>
      sql`${withProvider(
        sql`
    select ${memberColumns},
      (extract(epoch from m.created_at) * 1000000)::bigint as joined_at_micros
    from public.tenant_members as m join public.user_profiles as u on u.user_id = m.user_id
    where m.tenant_id = ${tenantId}
      and (${cursor?.user_id}::uuid is null or (m.created_at, m.user_id) <
        (timestamptz 'epoch' + ${cursor?.joined_at_micros}::bigint * interval '1 microsecond', ${cursor?.user_id}::uuid))
    order by m.created_at desc, m.user_id desc limit ${rowCount}`,
        tenantId,
      )} order by f.joined_at_micros desc, f.user_id desc`,
  )
  return { members: rows.map(({ joined_at_micros: _, user_id: __, ...member }) => member), next_cursor }
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

/** The roles and what each may do, the highest first. */
export async function listRoles(db: Db, { limit, cursor }: RoleQuery): Promise<Roles> {
  const { rows, next_cursor } = await readPage<Role>(
    db,
    roleOrder,
    { limit, cursor },
    (rowCount) => sql`
    select r.role, r.permissions from public.list_roles() as r
    where ${cursor?.role}::public.tenant_role is null or r.role > ${cursor?.role}::public.tenant_role
    order by r.role limit ${rowCount}`,
  )
  return { roles: rows, next_cursor }
}

async function findMember(db: Db, tenantId: string, userRef: string): Promise<Member> {
  const [row] = await db.query<Member & { user_id: string }>(
    withProvider(
      sql`
    select ${memberColumns}
    from public.tenant_members as m join public.user_profiles as u on u.user_id = m.user_id
    where m.tenant_id = ${tenantId} and m.user_id = private.ulid_to_uuid(${userRef})`,
      tenantId,
    ),
  )
  if (!row) throw new Problem('not_found', 'This tenant has no member with this ref_id.')
  const { user_id: _, ...member } = row
  return member
}

/** RLS lets only owners change an owner: for everybody else it finds no row. */
function ownersOnly(): Problem {
  return new Problem('forbidden', "Only an owner may change or end an owner's membership.")
}
