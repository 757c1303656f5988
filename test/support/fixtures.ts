import { randomBytes, randomUUID } from 'node:crypto'
import type pg from 'pg'

/** A tenant of this test's own. */
export interface Tenant {
  id: string
  slug: string
}

/** Anything that can run a query: a pool, or a client inside a transaction. */
export type Queryable = Pick<pg.Pool, 'query'>

/** A slug nobody else in this run has. */
export function uniqueSlug(prefix = 't'): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`
}

/** Makes a tenant as the service does: active unless said otherwise, with nobody in it. */
export async function makeTenant(
  db: Queryable,
  columns: { slug?: string; status?: string } = {},
): Promise<Tenant> {
  const { rows } = await db.query<Tenant>(
    `insert into public.tenants (slug, name, status) values ($1, 'Test tenant', $2) returning id, slug`,
    [columns.slug ?? uniqueSlug(), columns.status ?? 'active'],
  )
  return rows[0]!
}

/** Makes a person, and a member of the tenant with this role. */
export async function makeMember(db: Queryable, tenant: Tenant, role = 'owner'): Promise<string> {
  const id = randomUUID()
  await db.query(
    `insert into auth.users (id, aud, role, email) values ($1, 'authenticated', 'authenticated', $2)`,
    [id, `${id}@example.com`],
  )
  await db.query('insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, $3)', [
    tenant.id,
    id,
    role,
  ])
  return id
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

/** Runs in a transaction as the role postgres and rolls it back. */
export async function rolledBack<T>(pool: pg.Pool, run: (db: pg.PoolClient) => Promise<T>): Promise<T> {
  const db = await pool.connect()
  try {
    await db.query('begin')
    return await run(db)
  } finally {
    await db.query('rollback')
    db.release()
  }
}
