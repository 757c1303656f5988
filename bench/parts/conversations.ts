import { createHmac } from 'node:crypto'
import { Agent, request } from 'node:http'
import type pg from 'pg'
import { copyTables, insertsBetween, newestTransaction } from '../bare-rows.ts'
import { openPool } from '../load/pool.ts'
import { type Figure, median, say, timed } from '../measure.ts'
import type { BenchStack } from '../stack.ts'
import { benchNoisyShop } from './noisy-shop.ts'

export interface Bot {
  tenant_id: string
  id: string
  ref_id: string
  phone_number_id: string
}
const secret = 'bench'

/** Receiving what contacts write: the signature, the inbox, and the place in the queue. */
export async function benchConversations(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const [bots, compared, sent] = isQuick ? [5, 10, 100] : [100, 300, 10_000]
  const admin = await stack.connect(stack.adminUrl)
  const shops = await makeBots(admin, bots)
  return [
    ...(await benchInbox(stack, admin, shops, compared)),
    ...(await benchWebhooks(stack, shops, sent)),
    await benchNoisyShop(admin, shops, isQuick),
  ]
}

/** One message, beside inserts of the same rows. */
async function benchInbox(
  stack: BenchStack,
  admin: pg.Client,
  shops: Bot[],
  compared: number,
): Promise<Figure[]> {
  say(`conversations: ${compared} messages one by one`)
  const pool = openPool({ connectionString: stack.dbUrl, max: 1 })
  try {
    const tables = await copyTables(admin)
    const received: number[] = []
    const bare: number[] = []
    let written = 0
    for (let n = 0; n < compared; n++) {
      const { tenant_id, id } = shops[n % shops.length]!
      const before = await newestTransaction(admin)
      const message = {
        wamid: `wamid.sql.${n}`,
        wa_id: `2547${10_000_000 + n}`,
        kind: 'text',
        text: 'Do you sell ukuleles?',
        at: new Date(),
      }
      received.push(
        await timed(() =>
          pool.query({
            name: 'receive',
            text: 'select private.receive_bot_messages($1, $2, $3)',
            values: [tenant_id, id, JSON.stringify([message])],
          }),
        ),
      )
      const inserts = await insertsBetween(admin, tables, before, await newestTransaction(admin))
      written = inserts.length
      bare.push(await timed(() => pool.query(`begin; ${inserts.join('; ')}; commit`)))
    }
    // The first ones make plans and read pages.
    const [value, baseline] = [received, bare].map((times) => median(times.slice(compared / 10)))
    return [
      {
        ...{
          what: 'receive_bot_messages(), a message of a new contact',
          unit: 'messages/s',
          value: 1_000 / value!,
        },
        ...{ baseline: 1_000 / baseline!, ratio: baseline! / value!, goal: { atLeast: 0.5 } },
        note: `${value!.toFixed(2)} ms; ${written} inserts of the same rows in one transaction ${baseline!.toFixed(2)} ms`,
      },
    ]
  } finally {
    await pool.end()
  }
}

/** Signed webhooks of all bots by the route, while the worker settles them. */
async function benchWebhooks(stack: BenchStack, shops: Bot[], sent: number): Promise<Figure[]> {
  say(`conversations: ${sent} webhooks`)
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const url = `http://127.0.0.1:${stack.functionPort('bots')}/bots/whatsapp`
  const webhooks = Array.from({ length: sent }, (_, n) => webhookOf(shops[n % shops.length]!, n))
  const times: number[] = []
  let next = 0
  const work = async () => {
    while (next < webhooks.length) {
      const { ref, body, signature } = webhooks[next++]!
      times.push(await timed(() => post(`${url}/${ref}`, agent, body, signature)))
    }
  }
  const milliseconds = await timed(() => Promise.all(Array.from({ length: 16 }, work)))
  agent.destroy()
  const slowest = times.toSorted((one, other) => one - other)[Math.floor(times.length * 0.99)]!
  return [
    {
      ...{
        what: `POST /whatsapp/<bot>, of ${shops.length} bots, while they are settled`,
        unit: 'messages/s',
      },
      ...{ value: (sent / milliseconds) * 1_000, goal: { atLeast: 500 } },
      note: '16 connections; each a message of a new contact',
    },
    { what: 'the same, p99', unit: 'ms', value: slowest, goal: { atMost: 250 } },
  ]
}

function webhookOf({ ref_id, phone_number_id }: Bot, n: number) {
  const from = `2547${20_000_000 + n}`
  const message = {
    id: `wamid.http.${n}`,
    from,
    timestamp: String(Math.floor(Date.now() / 1_000)),
    type: 'text',
    text: { body: 'Do you sell ukuleles?' },
  }
  const value = {
    messaging_product: 'whatsapp',
    metadata: { phone_number_id },
    contacts: [{ wa_id: from, profile: { name: 'Ada Example' } }],
    messages: [message],
  }
  const body = JSON.stringify({
    object: 'whatsapp_business_account',
    entry: [{ id: '1', changes: [{ field: 'messages', value }] }],
  })
  return { ref: ref_id, body, signature: `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` }
}

const post = (url: string, agent: Agent, body: string, signature: string) =>
  new Promise<void>((resolve, reject) => {
    request(url, {
      method: 'POST',
      agent,
      headers: { 'content-type': 'application/json', 'x-hub-signature-256': signature },
    })
      .on('response', (response) => {
        response.resume().on('end', () => {
          if (response.statusCode === 200) resolve()
          else reject(new Error(`${url} answered ${response.statusCode}.`))
        })
      })
      .on('error', reject)
      .end(body)
  })

/** Bots of tenants of their own. Their numbers are not verified, so they settle each message and send nothing. */
async function makeBots(admin: pg.Client, bots: number): Promise<Bot[]> {
  const { rows: made } = await admin.query<Omit<Bot, 'phone_number_id'>>(
    `with shops as (
       insert into public.tenants (slug, name, status, plan)
       select 'talk-' || n, 'Shop', 'active', 'enterprise' from generate_series(1, $1::int) as n returning id)
     insert into public.bot_tenants (tenant_id, client_name, is_active) select s.id, 'Bot', true from shops as s
     returning tenant_id, id, ref_id`,
    [bots],
  )
  const rows = made.map((bot, n) => ({ ...bot, phone_number_id: String(100_000 + n) }))
  for (const { tenant_id, id, phone_number_id } of rows)
    await admin.query(`select private.set_bot_number($1, $2, $3, '200001', 'token', $4)`, [
      tenant_id,
      id,
      phone_number_id,
      secret,
    ])
  await admin.query(
    `insert into public.bot_training_data (tenant_id, bot_id, question, answer)
     select b.tenant_id, b.id, 'Do you sell ukuleles?', 'Yes.' from public.bot_tenants as b`,
  )
  await admin.query('vacuum analyze')
  return rows
}
