import type pg from 'pg'
import { expect, it } from 'vitest'
import { rolledBack, superuser } from '../../kit/db.ts'
import { makeTenant } from '../../kit/tenants.ts'

interface Bot {
  tenant_id: string
  id: string
}

async function addBot(db: pg.PoolClient, tenant_id: string): Promise<Bot> {
  const { rows } = await db.query<Bot>(
    `insert into public.bot_tenants (tenant_id, client_name, is_active) values ($1, 'Shop', true) returning tenant_id, id`,
    [tenant_id],
  )
  return rows[0]!
}

/** So many messages wait for an answer since an hour, each of a contact of its own. */
async function crowd(db: pg.PoolClient, { tenant_id, id }: Bot, messages: number): Promise<void> {
  await db.query(
    `insert into private.queue_items (tenant_id, queue, lane_id, item_id, ordering_key, next_at)
     select $1, 'bot_answers', $2, private.uuid_v7(), gen_random_uuid()::text, now() - interval '1 hour' from generate_series(1, $3::int)`,
    [tenant_id, id, messages],
  )
  // Its answers are quick, so that it may have most under way.
  await db.query(
    `update private.queue_lanes set is_slow = false where tenant_id = $1 and queue = 'bot_answers'`,
    [tenant_id],
  )
  for (const table of ['queue_lanes', 'queue_tenants'])
    await db.query(
      `update private.${table} set next_at = now() - interval '1 hour' where tenant_id = $1 and queue = 'bot_answers'`,
      [tenant_id],
    )
}

let written = 0
async function write(db: pg.PoolClient, { tenant_id, id }: Bot): Promise<void> {
  const n = written++
  const message = {
    wamid: `wamid.fair.${n}`,
    wa_id: String(254_700_000_000 + n),
    kind: 'text',
    text: 'Hello',
    at: new Date(),
  }
  await db.query('select private.receive_bot_messages($1, $2, $3)', [
    tenant_id,
    id,
    JSON.stringify([message]),
  ])
}

/** Which bots have a turn in the next claim, and how often. What other tests leave due is not counted. */
async function claim(db: pg.PoolClient, bots: Bot[]): Promise<number[]> {
  const { rows } = await db.query<{ lane_id: string }>(
    `select c.lane_id from private.claim_items('bot_answers', 64, 60) as c`,
  )
  return bots.map(({ id }) => rows.filter(({ lane_id }) => lane_id === id).length)
}

it('a bot with 50,000 messages waiting leaves other bots their turn, of other tenants and of its own', () =>
  rolledBack(superuser, async (db) => {
    const [noisy, other] = [await makeTenant({ db }), await makeTenant({ db })]
    const loud = await addBot(db, noisy.id)
    const sister = await addBot(db, noisy.id)
    const stranger = await addBot(db, other.id)
    await crowd(db, loud, 50_000)
    await write(db, sister)
    await write(db, stranger)
    const [ofLoud, ofSister, ofStranger] = await claim(db, [loud, sister, stranger])
    expect([ofSister, ofStranger]).toEqual([1, 1])
    let taken = ofLoud! + ofSister!
    for (let round = 0; round < 5; round++) {
      // In one transaction the clock stands still, so whoever had a turn has no second one.
      const newcomer = await addBot(db, (await makeTenant({ db })).id)
      await write(db, newcomer)
      const [more, next] = await claim(db, [loud, newcomer])
      expect(next, `round ${round}`).toBe(1)
      taken += more!
    }
    // Not more than a tenant may have under way, so that there is room for whoever writes next.
    expect(taken).toBeLessThanOrEqual(48)
  }))
