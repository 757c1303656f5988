import pg from 'pg'
import { toProblem } from './errors.ts'
import { connections, type Db } from './pool.ts'
import { Problem } from './problem.ts'
import { timeouts } from './settings.ts'
import { type Sql, sql } from './sql.ts'

/** Serialization failure and deadlock: Postgres rolled everything back, and the transaction should be tried again. */
const retryable = new Set(['40001', '40P01'])
const attempts = 3

/** The first statements of a transaction. They say who it runs for, so nothing else may run before they succeeded. */
export interface Opening {
  /** 'begin', or a form of it. */
  begin?: string
  /** Sets the caller. Missing: the pool's own role, which skips RLS. */
  identity?: Sql
  /** The connections of the standby. Missing: those of the primary. */
  pool?: pg.Pool
}

/** Behind a pooler each transaction sets its time limits. A direct connection has them from its start. */
const limits = sql`
  select set_config('statement_timeout', ${String(timeouts.statement_timeout)}, true),
    set_config('idle_in_transaction_session_timeout', ${String(timeouts.idle_in_transaction_session_timeout)}, true)`

/** A commit whose answer nobody waits for may have happened or not, so it gets longer than other statements. */
const commit = { text: 'commit', query_timeout: 30_000 }

const withoutSorting = 'set local enable_sort = off'

/** A transaction that is open on a connection of its own. Whoever holds it must end it. */
export interface OpenTransaction<Row> {
  client: pg.PoolClient
  /** What the statement that was sent along returned. */
  rows: Row[]
}

/**
 * Opens a transaction. `first` is sent together with the opening, in the same round trip. It must only read: it is
 * already on its way when the opening fails, and would then run with the pool's own role. Its rows are
 * given to nobody in that case.
 */
export async function openTransaction<Row>(opening: Opening, first?: Sql): Promise<OpenTransaction<Row>> {
  const client = await connect(opening.pool)
  try {
    const [, , , rows] = await Promise.all([
      client.query(opening.begin ?? 'begin'),
      connections().isPooled && send(client, limits),
      opening.identity && send(client, opening.identity),
      first && send<Row>(client, first),
    ])
    return { client, rows: rows || [] }
  } catch (thrown) {
    await abandon(client)
    throw thrown
  }
}

/** Runs `work` in the open transaction, commits it and gives the connection back. */
export async function finish<Result>(
  client: pg.PoolClient,
  work: (db: Db) => Promise<Result>,
): Promise<Result> {
  let result: Result
  try {
    const db: Db = withOne({
      query: (statement) => send(client, statement),
      transaction: (nested) => nested(db),
    })
    result = await work(db)
    const { command } = await client.query(commit)
    // `work` caught the error of a statement and went on, but Postgres had already aborted the transaction.
    if (command !== 'COMMIT')
      throw new Error('The transaction was rolled back: a statement failed and nobody said so.')
  } catch (thrown) {
    await abandon(client)
    throw thrown
  }
  client.release()
  return result
}

/** Runs the last statement of an open transaction. The commit goes along in the same round trip. */
export async function finishWith<Row>(client: pg.PoolClient, statement: Sql): Promise<Row[]> {
  const [ran, ended] = await Promise.allSettled([send<Row>(client, statement), client.query(commit)])
  if (ended.status === 'rejected') await abandon(client)
  else client.release()
  if (ran.status === 'rejected') throw ran.reason
  if (ended.status === 'rejected') throw ended.reason
  return ran.value
}

/** Rolls back. A connection that cannot roll back must not reach the next caller. */
async function abandon(client: pg.PoolClient): Promise<void> {
  try {
    await client.query('rollback')
    client.release()
  } catch (broken) {
    client.release(broken as Error)
  }
}

/** Tries again what Postgres asked to try again. Turns refusals of SQL into problems. */
export async function withRetries<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let count = 1; ; count++) {
    try {
      return await attempt()
    } catch (thrown) {
      if (count < attempts && isRetryable(thrown)) continue
      throw toProblem(thrown)
    }
  }
}

/** Like pool.query(), which closes the connection after any error. One that Postgres answered with stays usable. */
export async function queryOnce<Row>(statement: Sql): Promise<Row[]> {
  const client = await connect()
  let broken: Error | undefined
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

export function withOne({ query, transaction }: Omit<Db, 'one'>): Db {
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

async function connect(pool = connections().pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect()
  } catch (thrown) {
    throw toProblem(thrown)
  }
}

/** Sends a statement, without its name where the server connection would not remember it. */
export async function send<Row>(
  client: pg.PoolClient,
  { text, values, name, isAlongIndex }: Sql,
): Promise<Row[]> {
  try {
    // Sent ahead in the same round trip. If it fails, Postgres refuses the statement as well.
    if (isAlongIndex) client.query(withoutSorting).catch(() => {})
    const { rows } = await client.query({
      text,
      values,
      ...(connections().keepsStatements && name && { name }),
    })
    return rows as Row[]
  } catch (thrown) {
    throw toProblem(thrown)
  }
}

/** A statement fails with a Problem, and `begin` or `commit` with the error of Postgres, which is a Problem's cause. */
function isRetryable(thrown: unknown): boolean {
  const error = thrown instanceof Problem ? thrown.cause : thrown
  return error instanceof Error && 'code' in error && retryable.has(String(error.code))
}
