import pg from 'pg'
import type { JobServer } from './logins.ts'

const CONNECT_TIMEOUT_MS = 10_000

export interface Command {
  text: string
  database: string
  username: string
}

export interface Outcome {
  status: 'succeeded' | 'failed'
  /** In the words of pg_cron: `1 row`, `DELETE 3`, `ERROR:  …`. */
  message: string
}

/** The connection of node-postgres, which is missing in its types. */
interface Wire {
  on(event: 'commandComplete', listener: (message: { text: string }) => void): void
  on(event: 'rowDescription' | 'emptyQuery' | 'copyInResponse' | 'copyData', listener: () => void): void
  stream: { destroy(): void }
}

/**
 * Runs a job's command as its role, on a connection of its own. Several statements in one command share a
 * transaction. A single statement runs outside of any, so VACUUM and procedures that commit work.
 * Aborting `signal` drops the connection. The caller ends the server's side of it.
 */
export async function runCommand(
  server: JobServer,
  command: Command,
  signal: AbortSignal,
  onStart: (pid: number) => Promise<void>,
): Promise<Outcome> {
  if (signal.aborted) return { status: 'failed', message: 'job canceled' }
  const client = new pg.Client({
    ...server,
    user: command.username,
    database: command.database,
    application_name: 'pg_cron',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  })
  // A lost connection also fails the query, and the query handles it.
  client.on('error', () => {})
  const wire = (client as unknown as { connection: Wire }).connection
  const drop = () => wire.stream.destroy()
  signal.addEventListener('abort', drop, { once: true })
  try {
    await client.connect()
  } catch {
    signal.removeEventListener('abort', drop)
    return { status: 'failed', message: 'connection failed' }
  }
  try {
    await onStart((client as unknown as { processID: number }).processID)
    return { status: 'succeeded', message: await execute(client, wire, command.text) }
  } catch (error) {
    return { status: 'failed', message: describe(error as pg.DatabaseError) }
  } finally {
    signal.removeEventListener('abort', drop)
    await client.end().catch(() => {})
  }
}

/** Counts rows without keeping them. With several statements, the result of the last one is the run's result. */
function execute(client: pg.Client, wire: Wire, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let message = ''
    let rowCount = 0
    let hasRows = false
    let isCopy = false
    wire.on('rowDescription', () => {
      hasRows = true
      rowCount = 0
    })
    wire.on('emptyQuery', () => {
      message = '0 rows'
    })
    wire.on('copyInResponse', () => {
      isCopy = true
    })
    wire.on('copyData', () => {
      isCopy = true
    })
    wire.on('commandComplete', ({ text: tag }) => {
      message = hasRows ? `${rowCount} ${rowCount === 1 ? 'row' : 'rows'}` : tag
      hasRows = false
    })
    const query = new pg.Query(text)
    query.on('row', () => {
      rowCount++
    })
    query.on('error', (error) => reject(isCopy ? new Error('COPY not supported') : error))
    query.on('end', () => (isCopy ? reject(new Error('COPY not supported')) : resolve(message)))
    client.query(query)
  })
}

/** An error as libpq prints it. An error without a severity comes from the connection and not from the server. */
function describe(error: pg.DatabaseError): string {
  if (!error.severity) return error.message === 'COPY not supported' ? error.message : 'connection lost'
  const notes = { DETAIL: error.detail, HINT: error.hint, CONTEXT: error.where }
  const lines = Object.entries(notes).filter(([, text]) => text)
  return [
    `${error.severity}:  ${error.message}`,
    ...lines.map(([label, text]) => `${label}:  ${text}`),
    '',
  ].join('\n')
}
