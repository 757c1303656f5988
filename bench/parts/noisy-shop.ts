import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { type Figure, interleave, median, say } from '../measure.ts'
import type { Bot } from './conversations.ts'

/** How much slower the messages of other bots are settled beside one bot that has many waiting since an hour. */
export async function benchNoisyShop(admin: pg.Client, shops: Bot[], isQuick: boolean): Promise<Figure> {
  const [rounds, each, overdue] = isQuick ? [1, 4, 500] : [3, 40, 50_000]
  const [noisy, ...others] = shops as [Bot, ...Bot[]]
  const run = (queued: number) => async () => {
    await emptyQueue(admin)
    await write(admin, others, each, '0 s')
    if (queued > 0) await write(admin, [noisy], queued, '1 hour')
    await admin.query(
      'vacuum analyze private.queue_items, public.bot_messages, public.conversation_states, public.contacts',
    )
    return settle(admin, noisy, others.length * each)
  }
  say(`conversations: a bot with ${overdue.toLocaleString('en')} messages waiting`)
  const [clean, beside] = (await interleave(rounds, [run(0), run(overdue)])).map(median) as [number, number]
  await emptyQueue(admin)
  return {
    what: `${others.length} bots beside one with ${overdue.toLocaleString('en')} messages waiting`,
    unit: 'messages/s',
    ...{ value: beside, baseline: clean, ratio: beside / clean, goal: { atLeast: 0.8 } },
    note: 'the rate is that of the others; the baseline is without the one',
  }
}

/** Nothing is waiting, and the worker is asleep. */
async function emptyQueue(admin: pg.Client): Promise<void> {
  await admin.query(`delete from private.queue_items where queue = 'bot_answers'`)
  // A worker that has nothing to do stays awake for two seconds.
  await sleep(3_000)
}

/** Messages of new contacts that wait, as receiving them leaves them. Nobody serves the bots yet. */
async function write(admin: pg.Client, bots: Bot[], each: number, since: string): Promise<void> {
  await admin.query('set session_replication_role = replica')
  await admin.query(
    `with person as (
       insert into public.contacts (tenant_id, bot_id, user_id)
       select b.tenant_id, b.id, gen_random_uuid()::text from unnest($1::uuid[], $2::uuid[]) as b (tenant_id, id), generate_series(1, $3::int)
       returning tenant_id, bot_id, id
     ), state as (
       insert into public.conversation_states (tenant_id, bot_id, contact_id, last_received_at) select tenant_id, bot_id, id, now() from person
     ), message as (
       insert into public.bot_messages (tenant_id, bot_id, contact_id, direction, source, message_text)
       select tenant_id, bot_id, id, 'inbound', 'contact', 'Do you sell ukuleles?' from person returning tenant_id, bot_id, contact_id, id
     )
     insert into private.queue_items (tenant_id, queue, lane_id, item_id, ordering_key, next_at)
     select tenant_id, 'bot_answers', bot_id, id, contact_id::text, now() - $4::interval from message`,
    [bots.map(({ tenant_id }) => tenant_id), bots.map(({ id }) => id), each, since],
  )
  await admin.query('set session_replication_role = origin')
}

/** Has the bots served from now on, and waits until a worker has settled what all but the noisy one have. Returns how many a second. */
async function settle(admin: pg.Client, noisy: Bot, messages: number): Promise<number> {
  const since = performance.now()
  await admin.query('begin')
  for (const table of ['queue_lanes', 'queue_tenants'])
    await admin.query(
      `update private.${table} set next_at = now() - case when tenant_id = $1 then interval '1 hour' else '0 s' end
       where queue = 'bot_answers'`,
      [noisy.tenant_id],
    )
  await admin.query(`select private.wake_dispatcher('bot_answers')`)
  await admin.query('commit')
  for (;;) {
    const { rowCount } = await admin.query(
      `select from private.queue_items where queue = 'bot_answers' and lane_id <> $1 limit 1`,
      [noisy.id],
    )
    if (rowCount === 0) return (messages / (performance.now() - since)) * 1_000
    await sleep(50)
  }
}
