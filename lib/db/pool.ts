import pg from 'pg'
import { type DatabaseSettings, databaseSettings, timeouts } from './settings.ts'
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

/** The connections of this isolate, and what may be expected of them. */
export interface Connections extends DatabaseSettings {
  pool: pg.Pool
  /** Connections to the standby, if there is one. */
  replica: pg.Pool | undefined
}

let opened: Connections | undefined

/** One small pool for each isolate. It is created on first use, so that importing a function needs no database. */
export function connections(): Connections {
  opened ??= open(databaseSettings())
  return opened
}

function open(settings: DatabaseSettings): Connections {
  const { url, readUrl } = settings
  return {
    ...settings,
    pool: poolOf(url, 3_000, settings),
    // Short, because the primary is there already.
    replica: readUrl === undefined ? undefined : poolOf(readUrl, 500, settings),
  }
}

function poolOf(url: string, connectMs: number, settings: DatabaseSettings): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: settings.connections,
    connectionTimeoutMillis: connectMs,
    idleTimeoutMillis: 30_000,
    // This limit is for a server that does not answer at all.
    query_timeout: 10_000,
    // Behind a pooler every transaction sets the server's limits for itself.
    ...(!settings.isPooled && timeouts),
    // Statements that belong together are sent together, which saves round trips.
    pipeline: true,
    application_name: 'tenantry-functions',
  })
  // A broken connection fails its statement, or the pool drops it. It also emits an event, which would end the
  // isolate if nobody listened.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

/** Closes the pools. For tests and scripts: a function keeps them for as long as its isolate lives. */
export async function closeConnections(): Promise<void> {
  const closing = opened
  opened = undefined
  await Promise.all([closing?.pool.end(), closing?.replica?.end()])
}
