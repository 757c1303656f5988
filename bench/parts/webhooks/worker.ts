import type pg from 'pg'
import { openPool } from '../../load/pool.ts'

const claimBatch = 500
/** The answers of receivers arrive one by one. They are reported in batches of this size. */
export const completeBatch = 100

export interface Leased {
  tenant_id: string
  item_id: string
  lane_id: string
  lease_id: string
  attempt_number: number
  url: string
}

export interface DrainOptions {
  /** The run must complete this many deliveries. It is an error to end before. */
  deliveries: number
  /** Whether this one counts. By default each one counts. */
  counts?: (delivery: Leased) => boolean
  /** Whether its receiver answers 200 and not 500. */
  succeeds?: (delivery: Leased) => boolean
  /** How many deliveries an event becomes. 0 if all were expanded before. */
  fanOut: number
}

/**
 * What two dispatchers do, without the receivers: expand, claim and complete, and completing logs the attempt.
 * Returns deliveries a second. For each delivery a row in webhook_deliveries is inserted, leased, and settled with
 * its lease as the fence, a row in webhook_attempts is inserted, and foreign keys are checked.
 */
export async function drain(dbUrl: string, options: DrainOptions): Promise<number> {
  const { deliveries, fanOut, counts = () => true, succeeds = () => true } = options
  const pool = openPool({ connectionString: dbUrl, max: 2 })
  const clients = await Promise.all([pool.connect(), pool.connect()])
  let completed = 0
  const start = performance.now()
  try {
    await Promise.all(
      clients.map(async (client, index) => {
        let workedAt = performance.now()
        for (let hasEvents = fanOut > 0; completed < deliveries; ) {
          const expanded = hasEvents ? await expand(client, Math.ceil(claimBatch / fanOut)) : 0
          hasEvents = expanded > 0
          const leased = await claim(client)
          for (let first = 0; first < leased.length; first += completeBatch) {
            const answered = leased.slice(first, first + completeBatch)
            await complete(
              client,
              answered.map((one) => resultOf(one, succeeds(one))),
              index + 1,
            )
            completed += answered.filter(counts).length
          }
          if (leased.length + expanded > 0) workedAt = performance.now()
          // The other worker may hold the last of them, and may be slow.
          if (performance.now() - workedAt > 20_000)
            throw new Error(`Nothing is due after ${completed} of ${deliveries} deliveries.`)
        }
      }),
    )
    return (completed * 1_000) / (performance.now() - start)
  } finally {
    for (const client of clients) client.release()
    await pool.end()
  }
}

async function expand(client: pg.PoolClient, batch: number): Promise<number> {
  const { rows } = await client.query<{ expanded: number }>({
    name: 'expand',
    text: 'select private.expand_webhook_events($1) as expanded',
    values: [batch],
  })
  return rows[0]!.expanded
}

async function claim(client: pg.PoolClient): Promise<Leased[]> {
  const { rows } = await client.query<Leased>({
    name: 'claim',
    text: 'select * from private.claim_webhook_deliveries($1, 60)',
    values: [claimBatch],
  })
  return rows
}

/** Reports what came of leases. Throws if one of them was lost. */
export async function complete(client: pg.ClientBase, results: object[], slot: number): Promise<void> {
  const { rows } = await client.query<{ completed: number }>({
    name: 'complete',
    text: 'select private.complete_webhook_deliveries($1, $2) as completed',
    values: [JSON.stringify(results), slot],
  })
  if (rows[0]!.completed !== results.length) throw new Error('A lease was lost.')
}

export function resultOf(
  { tenant_id, item_id, lane_id, lease_id, attempt_number }: Leased,
  succeeds: boolean,
) {
  return {
    ...{ tenant_id, item_id, lane_id, lease_id, attempt_number, duration_ms: 12 },
    ...(succeeds
      ? { outcome: 'succeeded', response_status: 200, response_body: 'ok' }
      : {
          outcome: 'failed',
          response_status: 500,
          error_code: 'status_500',
          error_detail: 'It answered 500.',
        }),
  }
}
