import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

const LONGEST_PAUSE_MS = 1000
const FIRST_CONNECTION_MS = 10_000

export interface Worker {
  stop(): Promise<void>
}

interface WorkerOptions {
  adminUrl: string
  /** Shown in pg_stat_activity, as the name of the background worker that it replaces. */
  applicationName: string
  log: (line: string) => void
  /** Works until `signal` is aborted. That happens when the connection is lost or the worker stops. */
  serve(db: Connection, signal: AbortSignal): Promise<void>
}

/** What a worker does with its connection. Calls that overlap wait for each other. */
export interface Connection {
  query<R extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<R[]>
  onNotification(listener: (payload: string) => void): void
}

/** Keeps one connection to the server, through restarts and crashes. Throws if there is none at the start. */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const stopping = new AbortController()
  const { promise: serving, resolve: onServing } = withResolvers()
  const finished = (async () => {
    let pauseMs = 0
    while (!stopping.signal.aborted) {
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => {})
      pauseMs = Math.min(Math.max(pauseMs * 2, 50), LONGEST_PAUSE_MS)
      await serveOnce(options, stopping.signal, () => {
        pauseMs = 50
        onServing()
      })
    }
  })()
  const stop = async () => {
    stopping.abort()
    await finished
  }
  if (!(await happensWithin(serving, FIRST_CONNECTION_MS))) {
    await stop()
    throw new Error(`${options.applicationName} does not reach the database.`)
  }
  return { stop }
}

async function serveOnce(
  options: WorkerOptions,
  stopping: AbortSignal,
  onServing: () => void,
): Promise<void> {
  if (stopping.aborted) return
  const lost = new AbortController()
  const client = new pg.Client({
    connectionString: options.adminUrl,
    application_name: options.applicationName,
    keepAlive: true,
    connectionTimeoutMillis: 5000,
  })
  client.on('error', () => lost.abort())
  client.on('end', () => lost.abort())
  try {
    await client.connect()
    onServing()
    await options.serve(serialise(client), AbortSignal.any([stopping, lost.signal]))
  } catch (error) {
    if (!stopping.aborted) options.log(`${options.applicationName}: ${(error as Error).message}`)
  } finally {
    await client.end().catch(() => {})
  }
}

function serialise(client: pg.Client): Connection {
  let last: Promise<unknown> = Promise.resolve()
  return {
    query<R extends pg.QueryResultRow>(text: string, values?: unknown[]) {
      const next = last.then(async () => (await client.query<R>(text, values)).rows)
      last = next.catch(() => {})
      return next
    },
    onNotification: (listener) => client.on('notification', ({ payload }) => listener(payload ?? '')),
  }
}

export interface Bell {
  ring(): void
  /** Resolves when the bell rings, if it has rung since the last wait, or after `timeoutMs`. */
  wait(timeoutMs: number): Promise<void>
}

/** Wakes a worker's loop; the signal wakes it too. */
export function createBell(signal: AbortSignal): Bell {
  let rung = false
  let wake = () => {}
  const ring = () => {
    rung = true
    wake()
  }
  signal.addEventListener('abort', ring, { once: true })
  return {
    ring,
    async wait(timeoutMs) {
      if (!rung && !signal.aborted) {
        const { promise, resolve } = withResolvers()
        wake = resolve
        const timer = setTimeout(resolve, timeoutMs)
        await promise
        clearTimeout(timer)
      }
      rung = false
    },
  }
}

async function happensWithin(event: Promise<void>, timeoutMs: number): Promise<boolean> {
  const timer = new AbortController()
  const elapsed = sleep(timeoutMs, false, { signal: timer.signal }).catch(() => false)
  const happened = await Promise.race([event.then(() => true), elapsed])
  timer.abort()
  return happened
}

/** Promise.withResolvers, which Node 20 does not have. */
function withResolvers() {
  let resolve = () => {}
  const promise = new Promise<void>((fulfil) => {
    resolve = fulfil
  })
  return { promise, resolve }
}
