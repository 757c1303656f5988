import type pg from 'pg'
import { admin } from '../../kit/db.ts'
import type { Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

/** A tenant with people in it who are switched off, and with a bot. */
export async function makeRoom(owner: Person, reviewers: Person[], plan: string): Promise<Tenant> {
  const tenant = await makeTenant({ owner, plan })
  await admin.query(
    `insert into public.tenant_members (tenant_id, user_id, role, status) select $1, unnest($2::uuid[]), 'reviewer', 'deactivated'`,
    [tenant.id, reviewers.map(({ id }) => id)],
  )
  await admin.query(`insert into public.bot_tenants (tenant_id, client_name) values ($1, 'Room')`, [
    tenant.id,
  ])
  return tenant
}

/** What a refused statement said. */
export async function refusalOf(run: Promise<unknown>): Promise<unknown> {
  const error = await run.then(
    () => undefined,
    (thrown: pg.DatabaseError) => thrown,
  )
  return error && { code: error.code, message: error.message, ...JSON.parse(error.hint || '{}') }
}

/** A connection on which the owner acts, as an edge function's request does. */
export async function asOwner<T>(owner: Person, run: (db: pg.PoolClient) => Promise<T>): Promise<T> {
  const db = await admin.connect()
  try {
    await db.query('begin')
    await db.query(`select set_config('request.jwt.claims', $1, true)`, [
      JSON.stringify({ role: 'authenticated', sub: owner.id }),
    ])
    await db.query('set local role authenticated')
    const result = await run(db)
    await db.query('commit')
    return result
  } finally {
    await db.query('rollback')
    db.release()
  }
}
