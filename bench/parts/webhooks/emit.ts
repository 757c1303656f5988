import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type pg from 'pg'
import { type Figure, median, say } from '../../measure.ts'
import type { BenchStack } from '../../stack.ts'
import { hold, release } from '../dispatchers.ts'
import { fillEndpoints } from './fill.ts'

const goal = { atMost: 0.2 }

/** How much time an event adds to its transaction. The transaction changes a brand, which emits an event. */
export async function benchEmit(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const transactions = isQuick ? 20 : 1_000
  const admin = await stack.connect(stack.adminUrl)
  await fillEndpoints(admin, 10, 1)
  const { rows } = await admin.query<{ tenant_id: string }>('select tenant_id from public.webhook_endpoints')
  const tenants = rows.map((row) => row.tenant_id)
  const emitting = await stack.connect(stack.dbUrl)
  const bare = await stack.connect(stack.dbUrl)
  // Everything is done except the emitting. The nightly reset of the demo tenants works this way.
  await bare.query(`set tenantry.is_restoring = 'on'`)
  const figures: Figure[] = []
  // This replaces the functions. Nothing wakes up here, so each emit has to call again.
  const sleeper = await startSleeper()
  const { rows: held } = await admin.query<{ id: string; decrypted_secret: string }>(
    `select id, decrypted_secret from vault.decrypted_secrets where name = 'tenantry_functions_url'`,
  )
  const [url] = held
  if (!url) throw new Error('Vault does not have the secret tenantry_functions_url.')
  await admin.query('select vault.update_secret($1, $2)', [url.id, sleeper.url])
  try {
    const forget = () => admin.query(`update private.queue_calls set called_at = '-infinity'`)
    for (const { what, isHeld, before, judged } of [
      { what: 'a dispatcher awake', isHeld: true, judged: { goal } },
      { what: 'no dispatcher awake', isHeld: false, judged: { goal } },
      // One in 250 ms pays for the call.
      { what: 'no dispatcher awake, with a call by each', isHeld: false, before: forget },
    ]) {
      say(`webhooks: emit, ${what}`)
      await (isHeld ? hold : release)(admin, 'webhooks')
      const times = await compare([emitting, bare], tenants, transactions, before)
      figures.push({
        ...{ what: `emit adds, ${what}`, unit: 'ms', value: times.added, ...judged },
        note: `to a transaction of ${times.bare.toFixed(2)} ms`,
      })
    }
  } finally {
    // Before the functions can be woken again, because the events of this part are not for them.
    await fillEndpoints(admin, 10, 1)
    await admin.query('select vault.update_secret($1, $2)', [url.id, url.decrypted_secret])
    sleeper.server.close()
  }
  return figures
}

/** Milliseconds: the median of a transaction that does not emit, and how much longer one takes that emits. */
async function compare(
  [emitting, bare]: [pg.Client, pg.Client],
  tenants: string[],
  transactions: number,
  before: () => Promise<unknown> = async () => {},
): Promise<{ added: number; bare: number }> {
  const times = new Map<pg.Client, number[]>([
    [emitting, []],
    [bare, []],
  ])
  for (let n = -20; n < transactions; n++) {
    // The first of the two finds the row less cached.
    for (const client of n % 2 === 0 ? [emitting, bare] : [bare, emitting]) {
      const values = [tenants[Math.abs(n) % tenants.length], `Number ${n}, ${client === bare}`]
      await before()
      const start = performance.now()
      await client.query({ name: 'update', text: update, values })
      if (n >= 0) times.get(client)!.push(performance.now() - start)
    }
  }
  const withoutMs = median(times.get(bare)!)
  return { added: median(times.get(emitting)!) - withoutMs, bare: withoutMs }
}

const update = 'update public.tenant_brands set display_name = $2 where tenant_id = $1'

async function startSleeper(): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    request.resume().once('end', () => response.writeHead(202).end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}
