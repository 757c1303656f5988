import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'

type Queue = 'webhooks' | 'notifications'

// The last place, which no dispatcher takes here. In a place of its own a dispatcher would end the hold with its heartbeat.
const place = 16

/** No dispatcher of this queue is woken until release(), and those that ran have ended: a part's workers take their place. */
export async function hold(admin: pg.Client, queue: Queue): Promise<void> {
  await setAwake(admin, queue, 'infinity')
  await asleep(admin, queue)
}

/** From now on whoever emits wakes a dispatcher. */
export const release = (admin: pg.Client, queue: Queue) => setAwake(admin, queue, '-infinity')

/** Wakes a dispatcher, as a producer's commit does. */
export async function wake(admin: pg.Client, queue: Queue): Promise<void> {
  await release(admin, queue)
  await admin.query('select private.wake_dispatcher($1, is_urgent => true)', [queue])
}

/** Waits until the dispatchers have ended, with their last answers. They stay for two seconds after their work. */
export async function asleep(admin: pg.Client, queue: Queue): Promise<void> {
  for (;;) {
    const { rows } = await admin.query(
      `select from private.queue_dispatchers
       where queue = $1 and run_id is not null and seen_at > now() - interval '5 seconds'`,
      [queue],
    )
    if (rows.length === 0) return
    await sleep(100)
  }
}

const setAwake = (admin: pg.Client, queue: Queue, until: 'infinity' | '-infinity') =>
  admin.query('update private.queue_dispatchers set awake_until_at = $1 where queue = $2 and slot = $3', [
    until,
    queue,
    place,
  ])
