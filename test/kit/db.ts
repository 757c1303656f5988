import pg from 'pg'
import { inject } from 'vitest'

export interface Claims {
  /** The user's id. */
  sub?: string
  role?: string
  [claim: string]: unknown
}

/** Anything that can run a query: a pool, or a client inside a transaction. */
export type Queryable = Pick<pg.Pool, 'query'>

const stack = inject('stack')
// allowExitOnIdle: a test file needs no afterAll for its pools.
const pool = (connectionString: string) =>
  new pg.Pool({ connectionString, max: 5, idleTimeoutMillis: 60_000, allowExitOnIdle: true })

/** A server takes 100 connections. Who needs most of them waits here for other files that do, and calls the answer at the end. */
export async function takeMostConnections(): Promise<() => void> {
  const turn = await admin.connect()
  await turn.query(`select pg_advisory_lock(hashtext('most connections'))`)
  // With its connection goes its lock.
  return () => turn.release(true)
}

/** The superuser, for what no role of a hosted project may do. */
export const superuser = triedAgain(pool(stack.admin_db_url))

/**
 * A statement that clears up for a test takes rows in any order, while the workers of the stack go on with them. Postgres
 * then ends one of the two, and asks for it again. The product's own statements have an order, and tests of that use a
 * client or the role postgres, where nothing is tried again.
 */
function triedAgain(pool: pg.Pool): pg.Pool {
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>
  const again = async (args: unknown[], times: number): Promise<unknown> => {
    try {
      return await query(...args)
    } catch (error) {
      if (times === 0 || (error as { code?: string }).code !== deadlock) throw error
      return again(args, times - 1)
    }
  }
  return Object.assign(pool, { query: (...args: unknown[]) => again(args, 5) })
}
const deadlock = '40P01'

/** The role postgres, as migrations and edge functions log in: no superuser, but past row level security. */
export const admin = pool(stack.db_url)

/** Runs in a transaction as one of the API's roles with these claims, and rolls it back. */
async function asRole<T>(
  role: 'anon' | 'authenticated' | 'service_role',
  claims: Claims,
  run: (db: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const db = await admin.connect()
  try {
    await db.query('begin')
    await db.query(`select set_config('request.jwt.claims', $1, true)`, [JSON.stringify({ role, ...claims })])
    await db.query(`set local role ${role}`)
    return await run(db)
  } finally {
    await db.query('rollback')
    db.release()
  }
}

/** As a signed-in user, as the REST API and the edge functions run their SQL; rolled back. */
export function asUser<T>(user: string | Claims, run: (db: pg.PoolClient) => Promise<T>): Promise<T> {
  return asRole('authenticated', typeof user === 'string' ? { sub: user } : user, run)
}

/** As somebody who has only the publishable key; rolled back. */
export function asAnon<T>(run: (db: pg.PoolClient) => Promise<T>): Promise<T> {
  return asRole('anon', {}, run)
}

/** As a server with the secret key, which row level security does not bind; rolled back. */
export function asService<T>(run: (db: pg.PoolClient) => Promise<T>): Promise<T> {
  return asRole('service_role', {}, run)
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
