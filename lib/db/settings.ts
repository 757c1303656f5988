import process from 'node:process'

/** How this function reaches its database. */
export interface DatabaseSettings {
  url: string
  /** A standby of that database, reached in the same way. */
  readUrl?: string | undefined
  /** How many connections one isolate opens at most. */
  connections: number
  /**
   * A pooler in transaction mode stands in between. It gives every transaction another server connection, so
   * nothing may be kept on a connection: no startup parameter, no session setting, no prepared statement.
   */
  isPooled: boolean
  /** Whether a server connection remembers statements that were prepared by name. */
  keepsStatements: boolean
}

/** In milliseconds. Startup parameters of a direct connection; behind a pooler each transaction sets them. */
export const timeouts = {
  // The server's limit comes first, so it is an answer (57014) and the connection stays usable.
  statement_timeout: 8_000,
  // A function that was stopped in the middle must not hold its locks for long.
  idle_in_transaction_session_timeout: 15_000,
}

/**
 * Reads the environment of the function:
 * - TENANTRY_DB_URL: the connection string of a pooler in transaction mode. It wins over SUPABASE_DB_URL.
 * - SUPABASE_DB_URL: the direct connection, which every hosted function finds in its environment.
 * - TENANTRY_READ_DB_URL: a streaming standby, which answers the public lookup and reports. It is a pooler if TENANTRY_DB_URL is
 *   set, and a direct connection if not.
 * - TENANTRY_DB_CONNECTIONS: how many connections one isolate opens at most, to each of the two. 10 if it is not set.
 * - TENANTRY_DB_PREPARED_STATEMENTS=true: the pooler keeps prepared statements (PgBouncer from 1.21 on, with
 *   max_prepared_statements).
 *
 * @throws Error with a sentence for the person who deploys the function.
 */
export function databaseSettings(
  environment: Record<string, string | undefined> = process.env,
): DatabaseSettings {
  const pooler = environment.TENANTRY_DB_URL
  const url = pooler || environment.SUPABASE_DB_URL
  if (!url) {
    throw new Error(
      'Neither TENANTRY_DB_URL nor SUPABASE_DB_URL is set: a function cannot reach its database.',
    )
  }
  const connections = Number(environment.TENANTRY_DB_CONNECTIONS || 10)
  if (!Number.isInteger(connections) || connections < 1 || connections > 200)
    throw new Error('TENANTRY_DB_CONNECTIONS must be a whole number from 1 to 200.')
  const isPooled = Boolean(pooler)
  const keepsStatements = !isPooled || environment.TENANTRY_DB_PREPARED_STATEMENTS === 'true'
  const readUrl = environment.TENANTRY_READ_DB_URL || undefined
  return { url, readUrl, connections, isPooled, keepsStatements }
}
