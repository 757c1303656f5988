import pg from 'pg'
import { toProblem } from './errors.ts'
import { connections, type Db } from './pool.ts'
import { Problem } from './problem.ts'
import { type Sql, sql } from './sql.ts'

/** The caller that SQL runs for. It becomes the role and `request.jwt.claims`, so RLS decides what it sees. */
export type Claims =
  | {
      role: 'authenticated'
      sub: string
      email?: string | undefined
      session_id?: string | undefined
      aal?: string | undefined
    }
  | {
      role: 'authenticated'
      /** The id of a verified API key. It never comes from a token. */
      api_key: string
      tenant_id: string
      /** The one scope of the key that the request uses. SQL permits nothing else. */
      scope: string
    }
  | { role: 'service_role' }

/**
 * The headers of the request that SQL may see, for the audit log: x-forwarded-for, user-agent and x-request-id. They
 * have the names that PostgREST gives them in `request.headers`.
 */
export type RequestHeaders = Readonly<Record<string, string>>

/** Serialization failure and deadlock: Postgres rolled everything back, and the transaction should be tried again. */
const retryable = new Set(['40001', '40P01'])
const attempts = 3

/** Runs `work` in one transaction as this caller. `work` sees only what RLS lets the caller see. */
export function asCaller<Result>(
  claims: Claims,
  work: (db: Db) => Promise<Result>,
  headers: RequestHeaders = {},
): Promise<Result> {
  return inTransaction(work, identityOf(claims, headers))
}

/**
 * Runs `work` as this caller on one snapshot of the data. It can only read. It is not tried again, because the rows
 * may have been sent on already.
 */
export async function asCallerSnapshot<Result>(
  claims: Claims,
  work: (db: Db) => Promise<Result>,
): Promise<Result> {
  try {
    return await runOnce(work, identityOf(claims, {}), 'begin isolation level repeatable read, read only')
  } catch (thrown) {
    throw toProblem(thrown)
  }
}

function identityOf(claims: Claims, headers: RequestHeaders): Sql {
  // The REST API passes a token's claims on unchanged, so claims cannot prove that a key was verified. The setting
  // tenantry.api_key proves it, because only our code can make it.
  const apiKey = 'api_key' in claims ? claims.api_key : ''
  return sql`
    select set_config('role', ${claims.role}, true), set_config('request.jwt.claims', ${JSON.stringify(claims)}, true),
      set_config('request.headers', ${JSON.stringify(headers)}, true), set_config('tenantry.api_key', ${apiKey}, true)`
}

/** A Db that runs each statement, or a whole transaction, as this caller. */
export function callerDb(claims: Claims, headers?: RequestHeaders): Db {
  return withOne({
    query: (statement) => asCaller(claims, (db) => db.query(statement), headers),
    transaction: (work) => asCaller(claims, work, headers),
  })
}

/**
 * The connection that skips RLS. Use it only if no caller is signed in (the public lookup, health), and always
 * filter by tenant.
 */
export const admin: Db = withOne({
  query: queryOnce,
  transaction: (work) => inTransaction(work),
})

/** Fails if the database does not answer. */
export async function ping(): Promise<void> {
  await admin.query(sql`select 1`)
}

async function inTransaction<Result>(work: (db: Db) => Promise<Result>, identity?: Sql): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await runOnce(work, identity)
    } catch (thrown) {
      if (attempt < attempts && isRetryable(thrown)) continue
      throw toProblem(thrown)
    }
  }
}

async function runOnce<Result>(
  work: (db: Db) => Promise<Result>,
  identity?: Sql,
  begin = 'begin',
): Promise<Result> {
  const client = await connect()
  let broken: Error | undefined
  try {
    // Both must succeed before `work` may send anything. Without the transaction the role would not be set, and the
    // statements would run as the pool's own role.
    await Promise.all([client.query(begin), identity && client.query(identity)])
    const db: Db = withOne({
      query: (statement) => send(client, statement),
      transaction: (nested) => nested(db),
    })
    const result = await work(db)
    const { command } = await client.query('commit')
    // `work` caught the error of a statement and went on, but Postgres had already aborted the transaction.
    if (command !== 'COMMIT')
      throw new Error('The transaction was rolled back: a statement failed and nobody said so.')
    return result
  } catch (thrown) {
    // A connection that cannot roll back must not reach the next caller.
    await client.query('rollback').catch((error: Error) => {
      broken = error
    })
    throw thrown
  } finally {
    client.release(broken)
  }
}

/** Like pool.query(), which closes the connection after any error. One that Postgres answered with stays usable. */
async function queryOnce<Row>(statement: Sql): Promise<Row[]> {
  let broken: Error | undefined
  const client = await connect()
  try {
    return await send<Row>(client, statement)
  } catch (thrown) {
    const error = thrown instanceof Problem ? thrown.cause : thrown
    if (!(error instanceof pg.DatabaseError))
      broken = error instanceof Error ? error : new Error(String(error))
    throw thrown
  } finally {
    client.release(broken)
  }
}

async function connect(): Promise<pg.PoolClient> {
  try {
    return await connections().connect()
  } catch (thrown) {
    throw toProblem(thrown)
  }
}

async function send<Row>(client: pg.PoolClient, statement: Sql): Promise<Row[]> {
  try {
    // pg writes to its config. Nobody else shares this one, but its type says readonly.
    const { rows } = await client.query({ ...statement })
    return rows as Row[]
  } catch (thrown) {
    throw toProblem(thrown)
  }
}

function withOne({ query, transaction }: Omit<Db, 'one'>): Db {
  return {
    query,
    transaction,
    async one<Row>(statement: Sql) {
      const rows = await query<Row>(statement)
      const [row] = rows
      if (row === undefined || rows.length > 1)
        throw new Error(`The database answered ${rows.length} rows instead of one to: ${statement.text}`)
      return row
    },
  }
}

/** A statement fails with a Problem, and `begin` or `commit` with the error of Postgres, which is a Problem's cause. */
function isRetryable(thrown: unknown): boolean {
  const error = thrown instanceof Problem ? thrown.cause : thrown
  return error instanceof Error && 'code' in error && retryable.has(String(error.code))
}
