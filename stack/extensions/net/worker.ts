import { type Connection, createBell, startWorker, type Worker } from '../connection.ts'
import { failure, type NetReply, type NetRequest, sendRequest } from './send-request.ts'

const CONCURRENCY = 50
const POLL_MS = 1000
const SWEEP_MS = 60_000

interface QueueRow extends NetRequest {
  id: string
}

/** Sends what net.http_get, http_post and http_delete queued, after the transaction has committed. */
export function startNetWorker(adminUrl: string, log: (line: string) => void): Promise<Worker> {
  return startWorker({ adminUrl, applicationName: 'pg_net 0.19.5', log, serve: serveQueue })
}

async function serveQueue(db: Connection, connected: AbortSignal): Promise<void> {
  const restart = new AbortController()
  const signal = AbortSignal.any([connected, restart.signal])
  const bell = createBell(signal)
  // Only for this connection: a crash empties the queue, and its numbers start again from 1.
  const inFlight = new Set<string>()
  const sending: Promise<void>[] = []
  let sweptAt = Number.NEGATIVE_INFINITY

  db.onNotification((payload) => (payload === 'restart' ? restart.abort() : bell.ring()))
  await db.query('listen pg_net_wake')
  while (!signal.aborted) {
    if (await hasExtension(db)) {
      if (performance.now() - sweptAt > SWEEP_MS) {
        await deleteExpired(db)
        sweptAt = performance.now()
      }
      for (const row of await findWaiting(db, [...inFlight])) {
        inFlight.add(row.id)
        sending.push(
          sendRequest(row, signal)
            .then((reply) => record(db, row.id, reply))
            // If the row stayed in the queue, it would be sent again at once, for ever.
            .catch(async (error: Error) => {
              if (!signal.aborted) await record(db, row.id, failure(error.message))
            })
            // The connection was lost or the worker stops. The row is still in the queue and is sent again.
            .catch(() => {})
            .finally(() => {
              inFlight.delete(row.id)
              bell.ring()
            }),
        )
      }
    }
    await bell.wait(POLL_MS)
  }
  await Promise.all(sending)
}

async function hasExtension(db: Connection): Promise<boolean> {
  const rows = await db.query<{ present: boolean }>(
    `select to_regclass('net.http_request_queue') is not null
       and to_regclass('net._http_response') is not null as present`,
  )
  return rows[0]?.present === true
}

async function findWaiting(db: Connection, inFlight: string[]): Promise<QueueRow[]> {
  if (inFlight.length >= CONCURRENCY) return []
  return await db.query<QueueRow>(
    `select id, method, url, body, timeout_milliseconds as "timeoutMs",
       case when jsonb_typeof(headers) = 'object' then
         (select jsonb_object_agg(key, value) from jsonb_each_text(headers) where value is not null)
       end as headers
     from net.http_request_queue
     where id <> all ($1::bigint[])
     order by id
     limit $2`,
    [inFlight, CONCURRENCY - inFlight.length],
  )
}

/** One statement removes the row and records the reply, so a crash cannot lose one of them. */
async function record(db: Connection, id: string, reply: NetReply): Promise<void> {
  await db.query(
    `with sent as (delete from net.http_request_queue where id = $1)
     insert into net._http_response
       (id, status_code, content_type, headers, content, timed_out, error_msg)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      id,
      reply.statusCode,
      reply.contentType,
      reply.headers && JSON.stringify(reply.headers),
      reply.content,
      reply.timedOut,
      reply.errorMessage,
    ],
  )
}

async function deleteExpired(db: Connection): Promise<void> {
  await db.query(
    `delete from net._http_response
     where created < now() - coalesce(nullif(current_setting('pg_net.ttl', true), ''), '6 hours')::interval`,
  )
}
