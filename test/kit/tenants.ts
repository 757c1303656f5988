import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { admin, type Queryable } from './db.ts'
import { type Role, roles } from './people.ts'

/** A tenant of this test's own. */
export interface Tenant {
  id: string
  ref_id: string
  slug: string
}

export interface TenantOptions extends Partial<Record<Role, { id: string }>> {
  /** Active unless said otherwise; a trial has ended. */
  status?: 'active' | 'frozen' | 'archived' | 'trial'
  slug?: string
  /** One that has everything, unless said otherwise. */
  plan?: string
  /** Another database than the stack's, or an open transaction. */
  db?: Queryable
}

/** A slug that no other test of this run has. */
export function freshSlug(prefix = 't'): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`
}

/**
 * Makes a tenant as the service does, with these people in these roles.
 *
 * @example const tenant = await makeTenant({ owner, member, status: 'frozen' })
 */
export async function makeTenant(options: TenantOptions = {}): Promise<Tenant> {
  const { status = 'active', slug = freshSlug(), plan = 'enterprise', db = admin } = options
  const { rows } = await db.query<Tenant>(
    `insert into public.tenants (slug, name, status, plan, trial_ends_at)
     values ($1, $1, $2::public.tenant_status, $3, case when $2 = 'trial' then now() - interval '1 day' end)
     returning id, ref_id, slug`,
    [slug, status, plan],
  )
  const tenant = rows[0]
  if (!tenant) throw new Error('no tenant was made')
  for (const role of roles) {
    const person = options[role]
    if (!person) continue
    await db.query('insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, $3)', [
      tenant.id,
      person.id,
      role,
    ])
  }
  return tenant
}

/** Puts a tenant into a state it could not move to: past the triggers, as only a superuser can. */
export async function forceTenant(superuser: pg.Pool, id: string, change: string): Promise<void> {
  const db = await superuser.connect()
  try {
    await db.query('begin')
    await db.query('set local session_replication_role = replica')
    await db.query(`update public.tenants set ${change} where id = $1`, [id])
    await db.query('commit')
  } finally {
    // Nothing to do after the commit; after a failure it frees the connection for the next.
    await db.query('rollback')
    db.release()
  }
}
