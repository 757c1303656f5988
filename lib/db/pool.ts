import process from 'node:process'
import pg from 'pg'
import type { Sql } from './sql.ts'

/**
 * Runs statements. The caller gives the type of the rows, because SQL is trusted inside. A statement fails in the same
 * way in a transaction and outside of one: with a Problem if SQL refused or the database is gone, see toProblem().
 */
export interface Db {
  query<Row>(statement: Sql): Promise<Row[]>
  /** The row of a statement that always has exactly one, such as a call of a function. Any other number is an error. */
  one<Row>(statement: Sql): Promise<Row>
  /** Commits all of `work` or nothing. Runs `work` again from the start after a deadlock or a serialization failure. */
  transaction<Result>(work: (db: Db) => Promise<Result>): Promise<Result>
}

let pool: pg.Pool | undefined

/** One small pool for each isolate. It is created on first use, so that importing a function needs no database. */
export function connections(): pg.Pool {
  if (pool) return pool
  const connectionString = process.env.SUPABASE_DB_URL
  if (!connectionString) throw new Error('SUPABASE_DB_URL is not set: a function cannot reach its database.')
  pool = new pg.Pool({
    connectionString,
    // Many isolates share the database's connections.
    max: 10,
    connectionTimeoutMillis: 3_000,
    idleTimeoutMillis: 30_000,
    // The server's timeout comes first, so it is an answer (57014) and the connection stays usable;
    // the second limit is for a server that does not answer at all.
    statement_timeout: 8_000,
    query_timeout: 10_000,
    idle_in_transaction_session_timeout: 15_000,
    // begin and set_config are sent together, so opening a caller's transaction costs one round trip.
    pipeline: true,
    application_name: 'tenantry-functions',
  })
  // A broken connection fails its statement, or the pool drops it. It also emits an event, which would end the
  // isolate if nobody listened.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

/** Closes the pool. For tests and scripts: a function keeps its pool for as long as its isolate lives. */
export async function closeConnections(): Promise<void> {
  const closing = pool
  pool = undefined
  await closing?.end()
}
