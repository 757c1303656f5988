import type pg from 'pg'
import { type Figure, median, say } from '../../measure.ts'
import type { BenchStack } from '../../stack.ts'
import { fillDeliveries, fillEndpoints, settle } from './fill.ts'
import { complete, type Leased, resultOf } from './worker.ts'

const endpoints = 1_000
/** This many of them have only due deliveries. The deliveries of the others are due tomorrow. */
const dueEndpoints = 100
const claimSize = 100
const claimsARound = 8

/** A claim from a long queue compared with one from a short queue: its time, and the blocks it reads. */
export async function benchDepth(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const [few, many, rounds] = isQuick ? [10_000, 20_000, 2] : [10_000, 1_000_000, 10]
  const admin = await stack.connect(stack.adminUrl)
  const worker = await stack.connect(stack.dbUrl)
  const fill = async (pending: number) => {
    await fillEndpoints(admin, endpoints, 1)
    const each = pending / endpoints
    await fillDeliveries(admin, [1, dueEndpoints], each, 60)
    await fillDeliveries(admin, [dueEndpoints + 1, endpoints], each, -86_400)
    await settle(admin)
  }
  const short = async () => {
    say(`webhooks: ${written(few)} pending`)
    const times: number[] = []
    let blocks = 0
    // A thousand of them are due. They are filled again after a round.
    for (let round = 0; round < rounds / 2; round++) {
      await fill(few)
      blocks = await claimBlocks(worker)
      times.push(...(await timeClaims(worker, claimsARound)))
    }
    return { times, blocks }
  }
  const before = await short()
  say(`webhooks: ${written(many)} pending`)
  await fill(many)
  const blocks = await claimBlocks(worker)
  const times = await timeClaims(worker, claimsARound * rounds)
  // Once more, because the filling took some time and the speed of a machine drifts.
  const after = await short()
  await fillEndpoints(admin, endpoints, 1)

  const [value, baseline] = [median(times), median([...before.times, ...after.times])]
  const common = { goal: { atMost: 1.5 } }
  const what = `a claim of ${claimSize} of ${written(many)} pending`
  return [
    {
      ...{ ...common, what: `${what}, p50`, unit: 'ms', value, baseline, ratio: value / baseline },
      note: `against ${written(few)} pending; 1,000 endpoints, 10 % of the deliveries are due`,
    },
    {
      ...{ ...common, what: `${what}, looks at`, unit: 'blocks', value: blocks, baseline: after.blocks },
      ratio: blocks / after.blocks,
    },
  ]
}

const claim = `select * from private.claim_webhook_deliveries(${claimSize}, 60)`

/**
 * Milliseconds of this many claims. What a claim took is delivered before the next one, because tenants and endpoints
 * may have only so many under way. That is not measured.
 */
async function timeClaims(db: pg.Client, claims: number): Promise<number[]> {
  const times: number[] = []
  for (let n = 0; n < claims; n++) {
    const start = performance.now()
    const { rows } = await db.query<Leased>({ name: 'claim', text: claim })
    times.push(performance.now() - start)
    if (rows.length !== claimSize) throw new Error(`A claim of ${claimSize} got ${rows.length}.`)
    await complete(
      db,
      rows.map((one) => resultOf(one, true)),
      1,
    )
  }
  return times
}

/** The blocks of one claim that is rolled back. The first claim of a session also reads the catalogue. */
async function claimBlocks(db: pg.Client): Promise<number> {
  let blocks = 0
  for (let run = 0; run < 2; run++) {
    await db.query('begin')
    const { rows } = await db.query<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(
      `explain (analyze, buffers, format json) ${claim}`,
    )
    await db.query('rollback')
    const { Plan } = rows[0]!['QUERY PLAN'][0]
    blocks = Plan['Shared Hit Blocks']! + Plan['Shared Read Blocks']!
  }
  return blocks
}

const written = (count: number) => count.toLocaleString('en')
