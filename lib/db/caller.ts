import type pg from 'pg'
import { toProblem } from './errors.ts'
import { connections, type Db } from './pool.ts'
import { reportDb } from './report.ts'
import { named, type Sql, sql } from './sql.ts'
import {
  finish,
  finishWith,
  type Opening,
  openTransaction,
  queryOnce,
  withOne,
  withRetries,
} from './transaction.ts'

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
  | {
      role: 'authenticated'
      /** The id of a verified portal token. It never comes from a token of Auth. */
      portal_token: string
      tenant_id: string
      /** The one scope that the request uses. SQL permits nothing else. */
      scope: string
    }
  | {
      role: 'service_role'
      /** The person or the API key for whom the service's connection works. The audit log names them. */
      sub?: string
      acting_key?: string
    }

/**
 * What SQL may know of the request, for limits and the audit log: client-address, user-agent and x-request-id. They
 * stand where PostgREST puts a request's headers, in `request.headers`.
 */
export type RequestHeaders = Readonly<Record<string, string>>

/** Who asks, and from where: the audit log names them. */
export interface Asker {
  claims: Claims
  headers: RequestHeaders
}

/**
 * The service, at work for this caller: its statements have the service's rights, and the audit log names the caller. Use
 * it for what a caller may start but not do, such as writing what DNS said. Check first that they may start it.
 */
export function serviceFor(claims: Claims, headers: RequestHeaders): Db {
  return callerDb(actingFor(claims), headers)
}

function actingFor(claims: Claims): Claims {
  if ('api_key' in claims) return { role: 'service_role', acting_key: claims.api_key }
  // The audit log could not name it. So no route that needs the service's rights may accept one.
  if ('portal_token' in claims) throw new Error('The service works for no portal token.')
  return claims.sub === undefined ? claims : { role: 'service_role', sub: claims.sub }
}

/**
 * Enters as an operator of the platform. Each transaction asks the database whether the person is one, and gets the
 * service's rights only then; the audit log names the person. Refuses with 403 forbidden or second_factor_required.
 */
export async function enterAsOperator(
  claims: Claims & { sub: string },
  headers: RequestHeaders,
): Promise<{ db: Db; leave: () => void }> {
  const identity = named(
    'enter_operator',
    sql`select private.enter_operator(${JSON.stringify(claims)}, ${JSON.stringify(headers)})`,
  )
  const { db, leave } = await enter({ identity })
  return { db, leave }
}

/** Runs `work` in one transaction as this caller. `work` sees only what RLS lets the caller see. */
export function asCaller<Result>(
  claims: Claims,
  work: (db: Db) => Promise<Result>,
  headers: RequestHeaders = {},
): Promise<Result> {
  return callerDb(claims, headers).transaction(work)
}

/**
 * Runs `work` as this caller on one snapshot of the data. It can only read. It is not tried again, because the rows
 * may have been sent on already.
 */
export async function asCallerSnapshot<Result>(
  claims: Claims,
  work: (db: Db) => Promise<Result>,
): Promise<Result> {
  const begin = 'begin isolation level repeatable read, read only'
  try {
    const { client } = await openTransaction({ begin, identity: identityOf(claims, {}) })
    return await finish(client, work)
  } catch (thrown) {
    throw toProblem(thrown)
  }
}

/** A Db that runs each statement, or a whole transaction, as this caller. */
export function callerDb(claims: Claims, headers: RequestHeaders = {}): Db {
  return dbOf({ identity: identityOf(claims, headers) })
}

/**
 * The same caller's Db for a report. It reads at the replica, if there is one, and sees everything that was committed before the
 * report began. `primary` is where the caller was let in. Nothing that a report runs may write.
 */
export function reportsOf(primary: Db, claims: Claims, headers: RequestHeaders = {}): Db {
  return reportDb(primary, identityOf(claims, headers))
}

/** How long an open transaction waits for its first statement. It is far longer than our own code needs. */
const heldMs = 50

/**
 * Runs `first` as this caller, and answers its rows together with a Db of the same caller. `first` must only read.
 *
 * The first statement or transaction of that Db continues the transaction of `first`, so a request that needs two
 * statements needs one transaction. If nothing comes for 50 ms, the transaction ends, and a later statement
 * opens its own: no work outside the database holds a connection. `leave` ends it at once.
 */
export async function enterAsCaller<Row>(
  claims: Claims,
  first: Sql,
  headers: RequestHeaders = {},
): Promise<{ rows: Row[]; db: Db; leave: () => void }> {
  return enter({ identity: identityOf(claims, headers) }, first)
}

/** A transaction that is open, whose first statement may have run, until somebody uses it or its time is over. */
async function enter<Row>(
  opening: Opening,
  first?: Sql,
): Promise<{ rows: Row[]; db: Db; leave: () => void }> {
  const { client, rows } = await withRetries(() => openTransaction<Row>(opening, first))
  let held: typeof client | undefined = client
  const take = () => {
    clearTimeout(timer)
    const taken = held
    held = undefined
    return taken
  }
  const leave = () => {
    const left = take()
    // Nothing was written, so nobody has to hear of a commit that failed. finish() gives the connection back.
    if (left) finish(left, async () => {}).catch(() => {})
  }
  const timer = setTimeout(leave, heldMs)
  return { rows, db: dbOf(opening, take), leave }
}

function identityOf(claims: Claims, headers: RequestHeaders): Sql {
  // The REST API passes a token's claims on unchanged, so claims cannot prove that a key was verified. The settings
  // tenantry.api_key and tenantry.portal_token prove it, because only our code can make them.
  const apiKey = 'api_key' in claims ? claims.api_key : ''
  const portalToken = 'portal_token' in claims ? claims.portal_token : ''
  return named(
    'set_identity',
    sql`
      select set_config('role', ${claims.role}, true), set_config('request.jwt.claims', ${JSON.stringify(claims)}, true),
        set_config('request.headers', ${JSON.stringify(headers)}, true), set_config('tenantry.api_key', ${apiKey}, true),
        set_config('tenantry.portal_token', ${portalToken}, true)`,
  )
}

/** A Db whose transactions begin with this opening. `takeOpen` may give one that is open already. */
function dbOf(opening: Opening, takeOpen: () => pg.PoolClient | undefined = () => undefined): Db {
  const open = async () => takeOpen() ?? (await openTransaction(opening)).client
  return withOne({
    query: (statement) => withRetries(async () => finishWith(await open(), statement)),
    transaction: (work) => withRetries(async () => finish(await open(), work)),
  })
}

const adminTransactions = dbOf({})

/**
 * The connection that skips RLS. Use it only if no caller is signed in (the public lookup, health), and always
 * filter by tenant.
 */
export const admin: Db = withOne({
  // A single statement is a transaction of its own. It needs an open one where something is set for it: the time limits
  // behind a pooler, or the planner's choice.
  query: (statement) =>
    connections().isPooled || statement.isAlongIndex
      ? adminTransactions.query(statement)
      : queryOnce(statement),
  transaction: (work) => adminTransactions.transaction(work),
})

/** Fails if the database does not answer. */
export async function ping(): Promise<void> {
  await admin.query(sql`select 1`)
}
