import { readFile } from 'node:fs/promises'
import type pg from 'pg'
import { fillTenants } from '../../fill/fill.ts'
import { hold } from '../dispatchers.ts'

/** Its data is as long as the data of a usual event. */
export const eventType = 'bench.happened'
export const payload = JSON.stringify({
  type: eventType,
  timestamp: '2026-11-20T00:00:00.000Z',
  data: { text: 'y'.repeat(330) },
})

/**
 * An empty queue and this many enabled endpoints, `fanOut` of them for each tenant. No dispatcher is awake, and none is
 * woken. `db` is a superuser's connection.
 */
export async function fillEndpoints(db: pg.Client, count: number, fanOut: number): Promise<void> {
  await hold(db, 'webhooks')
  await fillTenants(db, count / fanOut)
  await db.query(await readFile(new URL('fill.sql', import.meta.url), 'utf8'))
  await db.query('select bench.fill_webhook_endpoints($1, $2)', [count, fanOut])
}

/** Events of all these tenants in turn, as if they had just been emitted. None is expanded. */
export async function fillEvents(db: pg.Client, count: number): Promise<void> {
  await db.query('select bench.fill_webhook_events($1, $2)', [count, payload])
  await settle(db)
}

/**
 * Pending deliveries: this many for each of the endpoints from `first` to `last`, due this many seconds ago (or
 * later, if negative). Call settle() afterwards.
 */
export async function fillDeliveries(
  db: pg.Client,
  [first, last]: [number, number],
  each: number,
  dueSecondsAgo: number,
): Promise<void> {
  // So that a million foreign keys are not checked one by one.
  await db.query('set session_replication_role = replica')
  // In steps, so that no transaction is long.
  const step = 100_000 / (last - first + 1)
  for (let done = 0; done < each; done += step) {
    const count = Math.min(step, each - done)
    await db.query('select bench.fill_webhook_deliveries($1, $2, $3, $4, $5)', [
      ...[first, last, Math.ceil(count), dueSecondsAgo, payload],
    ])
  }
  await db.query('reset session_replication_role')
}

/** Does now what autovacuum and the checkpointer would otherwise do during a measurement. */
export async function settle(db: pg.Client): Promise<void> {
  await db.query(
    'vacuum (analyze) public.webhook_events, public.webhook_deliveries, public.webhook_endpoints',
  )
  await db.query(
    'vacuum (analyze) private.webhook_outbox, private.queue_items, private.queue_lanes, private.queue_tenants',
  )
  await db.query('checkpoint')
}
