import type pg from 'pg'
import { toProblem } from './errors.ts'
import { connections, type Db } from './pool.ts'
import { type Sql, sql } from './sql.ts'

/** Who SQL is run for. Becomes the role and `request.jwt.claims`, so RLS decides what is seen. */
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
      /** The id of an API key that was verified. Never from a token. */
      api_key: string
      tenant_id: string
      /** The one of the key's scopes that the request uses; SQL lets it do nothing else. */
      scope: string
    }
  | { role: 'service_role' }

/**
 * What SQL may know of the request it is run for, under the names PostgREST gives it in
 * `request.headers`: x-forwarded-for, user-agent and x-request-id, for the audit log.
 */
export type RequestHeaders = Readonly<Record<string, string>>

/** Serialization failure and deadlock: Postgres undid everything and asks to be tried again. */
const retryable = new Set(['40001', '40P01'])
const attempts = 3

/** Runs `work` in one transaction as this caller: what RLS hides from them, it hides from `work`. */
export function asCaller<Result>(
  claims: Claims,
  work: (db: Db) => Promise<Result>,
  headers: RequestHeaders = {},
): Promise<Result> {
  return inTransaction(work, identityOf(claims, headers))
}

/**
 * Runs `work` as this caller on one unchanging picture of the data. It can only read, and is not
 * tried again: what it has read may have been sent on.
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
  // The REST API hands claims through as a token has them; what tells SQL that a key was verified is
  // the setting tenantry.api_key, which only we can make.
  const apiKey = 'api_key' in claims ? claims.api_key : ''
  return sql`
    select set_config('role', ${claims.role}, true), set_config('request.jwt.claims', ${JSON.stringify(claims)}, true),
      set_config('request.headers', ${JSON.stringify(headers)}, true), set_config('tenantry.api_key', ${apiKey}, true)`
}

/** A Db whose every statement, or whole transaction, runs as this caller. */
export function callerDb(claims: Claims, headers?: RequestHeaders): Db {
  return {
    query: (statement) => asCaller(claims, (db) => db.query(statement), headers),
    transaction: (work) => asCaller(claims, work, headers),
  }
}

/**
 * The connection that skips RLS. Ask for it by this name, only where nobody is signed in to act for
 * (the public lookup, health), and always filter by tenant.
 */
export const admin: Db = {
  async query<Row>(statement: Sql) {
    try {
      return await send<Row>(connections(), statement)
    } catch (thrown) {
      throw toProblem(thrown)
    }
  },
  transaction: (work) => inTransaction(work),
}

/** Fails when the database does not answer. */
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
  const client = await connections().connect()
  let broken: Error | undefined
  try {
    // Both must have succeeded before `work` may send anything: without the transaction the role
    // would not hold, and its statements would run as the pool's own role.
    await Promise.all([client.query(begin), identity && client.query(identity)])
    const db: Db = { query: (statement) => send(client, statement), transaction: (nested) => nested(db) }
    const result = await work(db)
    const { command } = await client.query('commit')
    // `work` caught a failed statement and went on: Postgres had given up on the transaction by then.
    if (command !== 'COMMIT')
      throw new Error('The transaction was rolled back: a statement failed and nobody said so.')
    return result
  } catch (thrown) {
    // A connection that cannot roll back is not given to the next caller.
    await client.query('rollback').catch((error: Error) => {
      broken = error
    })
    throw thrown
  } finally {
    client.release(broken)
  }
}

async function send<Row>(to: pg.Pool | pg.PoolClient, statement: Sql): Promise<Row[]> {
  // pg writes to the config it is given; ours is shared by nobody, but its type says readonly.
  const { rows } = await to.query({ ...statement })
  return rows as Row[]
}

function isRetryable(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && retryable.has(String(thrown.code))
}
