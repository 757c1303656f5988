import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type pg from 'pg'
import { type Figure, median, say } from './measure.ts'
import type { BenchStack } from './stack.ts'
import { eventType, fillEndpoints } from './webhooks-fill.ts'

const goal = { atMost: 0.2 }
const data = `jsonb_build_object('text', repeat('y', 330))`

/** What an event adds to the transaction that makes it true: one statement that updates a brand. */
export async function benchEmit(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const transactions = isQuick ? 200 : 2_000
  const admin = await stack.connect(stack.adminUrl)
  await fillEndpoints(admin, 10, 1)
  const { rows } = await admin.query<{ tenant_id: string }>('select tenant_id from public.webhook_endpoints')
  const tenants = rows.map((row) => row.tenant_id)
  const db = await stack.connect(stack.dbUrl)
  const figures: Figure[] = []
  // In place of the functions: whoever is woken here stays asleep, and so each emit has to call again.
  const sleeper = await startSleeper()
  const { rows: held } = await admin.query<{ id: string; decrypted_secret: string }>(
    `select id, decrypted_secret from vault.decrypted_secrets where name = 'tenantry_functions_url'`,
  )
  const [url] = held
  if (!url) throw new Error('Vault lacks the secret tenantry_functions_url.')
  await admin.query('select vault.update_secret($1, $2)', [url.id, sleeper.url])
  try {
    for (const { what, awakeUntil, key } of [
      { what: 'a dispatcher awake', awakeUntil: 'infinity', key: 'null' },
      { what: 'no dispatcher awake', awakeUntil: '-infinity', key: 'null' },
      { what: 'awake, with an ordering key', awakeUntil: 'infinity', key: `'bench'` },
    ]) {
      say(`webhooks: emit, ${what}`)
      await admin.query('update private.webhook_dispatchers set awake_until_at = $1 where slot = 1', [
        awakeUntil,
      ])
      const [added, bare] = await compare(db, tenants, key, transactions)
      figures.push({
        ...{ part: 'webhooks', what: `emit adds, ${what}`, unit: 'ms', value: added, goal },
        note: `to a transaction of ${bare.toFixed(2)} ms`,
      })
    }
  } finally {
    await admin.query('select vault.update_secret($1, $2)', [url.id, url.decrypted_secret])
    sleeper.server.close()
  }
  return figures
}

/** Milliseconds: the median of what emitting adds to a transaction, and of the transaction without. */
async function compare(
  db: pg.Client,
  tenants: string[],
  key: string,
  transactions: number,
): Promise<[number, number]> {
  const update = `update public.tenant_brands set display_name = 'Number ' || $2 where tenant_id = $1 returning tenant_id`
  const ways = {
    bare: `with u as (${update}) select tenant_id from u`,
    emitting: `with u as (${update}) select private.emit_event(tenant_id, '${eventType}', ${data}, ${key}) from u`,
  }
  const times = { bare: [] as number[], emitting: [] as number[] }
  for (let n = -20; n < transactions; n++) {
    // The one that comes first finds the row colder.
    const order = n % 2 === 0 ? (['bare', 'emitting'] as const) : (['emitting', 'bare'] as const)
    for (const way of order) {
      const start = performance.now()
      await db.query({
        name: `${way} ${key}`,
        text: ways[way],
        values: [tenants[n % tenants.length] ?? tenants[0], n],
      })
      if (n >= 0) times[way].push(performance.now() - start)
    }
  }
  const bare = median(times.bare)
  return [median(times.emitting) - bare, bare]
}

async function startSleeper(): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    request.resume().once('end', () => response.writeHead(202).end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}
