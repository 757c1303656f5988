import fc from 'fast-check'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { admin, takeMostConnections } from '../../kit/db.ts'
import {
  brokenPromises,
  connect,
  finish,
  freshKey,
  makeCapped,
  model,
  priceModel,
  recordTool,
  refusalOf,
  spendOf,
  start,
} from './scene.ts'

// A busy machine makes this slow, not wrong.
vi.setConfig({ testTimeout: 300_000 })
const tool = `paid-${freshKey()}`
beforeAll(async () => {
  await priceModel()
  await admin.query(`select private.set_model_price('tool', $1, '*', call_micros => 150)`, [tool])
})

/** What one client does. A number that names a call counts those that anybody has started by then. */
type Operation =
  | { does: 'start'; name: string; output: number; key: number; seconds: number }
  | { does: 'finish'; which: number; share: number; status: string }
  | { does: 'tool'; key: number; isPriced: boolean }
  | { does: 'expire' }

// Few keys and small numbers, so that keys are used twice and the cap is reached.
const key = fc.nat({ max: 40 })
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('start' as const),
      name: fc.constantFrom(model.name, model.name, 'unheard-of'),
      output: fc.integer({ min: 0, max: 30 }),
      key,
      seconds: fc.constantFrom(1, 900),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('finish' as const),
      which: fc.nat({ max: 30 }),
      // Of what it held. Some take more than they asked for.
      share: fc.constantFrom(0, 0.3, 1, 1, 2),
      status: fc.constantFrom('ok', 'error', 'refused'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('tool' as const), key, isPriced: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('expire' as const) }) },
)

/** What a tenant's clients share: the calls that were started, and the first answer of each request. */
interface Scene {
  tenant: string
  cap: number
  calls: { id: string; output: number }[]
  answers: Map<string, string>
  differences: string[]
  toolMicros: number
}
const newScene = async (cap: number): Promise<Scene> => ({
  tenant: (await makeCapped(cap)).id,
  ...{ cap, calls: [], answers: new Map(), differences: [], toolMicros: 0 },
})

/** Who asks the same again hears the same again. */
function compare(scene: Scene, request: string, answer: unknown): void {
  const text = JSON.stringify(answer)
  const first = scene.answers.get(request) ?? text
  scene.answers.set(request, first)
  if (first !== text) scene.differences.push(`${request}: ${first} and then ${text}`)
}

async function run(scene: Scene, operation: Operation, db: pg.Pool): Promise<void> {
  const { tenant, calls } = scene
  switch (operation.does) {
    case 'start': {
      const { name, output, seconds } = operation
      const work = start(tenant, { name, output, seconds, key: `k${operation.key}`, db })
      await refusalOf(
        work.then(({ id, held_micros, model_price_id }) => {
          if (!calls.some((call) => call.id === id)) calls.push({ id, output })
          compare(scene, `start k${operation.key}`, { id, held_micros, model_price_id })
        }),
      )
      return
    }
    case 'finish': {
      const call = calls[operation.which % (calls.length || 1)]
      if (!call) return
      const output = Math.floor(call.output * operation.share)
      const work = finish(tenant, call.id, { output, status: operation.status, db })
      await refusalOf(work.then((answer) => compare(scene, `finish ${call.id}`, answer)))
      return
    }
    case 'tool': {
      const work = recordTool(tenant, {
        ...{ tool: operation.isPriced ? tool : 'free', key: `t${operation.key}`, db },
      })
      await refusalOf(work.then((answer) => compare(scene, `tool t${operation.key}`, answer)))
      return
    }
    case 'expire':
      await db.query('select private.expire_llm_calls()')
  }
}

async function expectPromises(scene: Scene): Promise<void> {
  expect(await brokenPromises(admin, scene.tenant)).toEqual([])
  expect(scene.differences).toEqual([])
  // What nothing admitted is the bound of docs/calls.md: what tools cost, calls that were completed after their hold was free
  // again, and what calls took beyond what they held.
  const { rows } = await admin.query<{ spent: number; held: number; unasked: number }>(
    `select coalesce((select sum(spent_micros) from public.tenant_spends where tenant_id = $1), 0)::float8 as spent,
       coalesce((select sum(held_micros) from public.tenant_spends where tenant_id = $1), 0)::float8 as held,
       (coalesce((select sum(cost_micros) from public.tool_calls where tenant_id = $1), 0)
         + coalesce((select sum(case when c.is_late then c.counted_micros else greatest(c.counted_micros - h.held_micros, 0) end)
             from public.llm_calls as c join public.llm_call_holds as h on h.tenant_id = c.tenant_id and h.id = c.id
             where c.tenant_id = $1), 0))::float8 as unasked`,
    [scene.tenant],
  )
  const { spent, held, unasked } = rows[0]!
  expect(spent + held).toBeLessThanOrEqual(scene.cap + unasked)
}

describe('whatever a tenant calls', () => {
  it('one after the other: spent and held add up, and stay within the cap, after each', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 25 }), async (operations) => {
        const scene = await newScene(5_000)
        for (const one of operations) {
          await run(scene, one, admin)
          await expectPromises(scene)
        }
      }),
      { numRuns: 15 },
    )
  })

  it('at once over eight connections: the same', async () => {
    const pool = connect(8)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(operation, { minLength: 3, maxLength: 12 }), { minLength: 2, maxLength: 8 }),
        async (clients) => {
          const scene = await newScene(5_000)
          await Promise.all(
            clients.map(async (operations) => {
              for (const one of operations) await run(scene, one, pool)
            }),
          )
          await expectPromises(scene)
        },
      ),
      { numRuns: 30 },
    )
    await pool.end()
  })

  it('a promise that is broken is noticed', async () => {
    const { id } = await makeCapped(5_000)
    await start(id)
    await finish(id, (await start(id)).id)
    expect(await brokenPromises(admin, id)).toEqual([])
    for (const [sql, found] of [
      ['update public.tenant_spends set spent_micros = 99 where tenant_id = $1', /spent is not/],
      ['update public.tenant_spends set held_micros = 99 where tenant_id = $1', /held is not/],
      [`update public.tenant_spends set next_due_at = 'infinity' where tenant_id = $1`, /forgotten/],
      ['update public.model_spends set call_count = 9 where tenant_id = $1', /the spend of a model/],
      ['delete from public.usage_events where tenant_id = $1', /no usage event/],
      [
        'update public.usage_hours set cost_micros = cost_micros + 9 where tenant_id = $1',
        /the totals of usage/,
      ],
      [
        `update public.llm_call_holds set status = 'finished', closed_at = now(), completion_hash = gen_random_uuid() where tenant_id = $1`,
        /no call, or two/,
      ],
    ] as const) {
      const db = await admin.connect()
      await db.query('begin')
      await db.query(sql, [id])
      expect((await brokenPromises(db, id)).join('\n')).toMatch(found)
      await db.query('rollback')
      db.release()
    }
  })
})

describe('64 connections at one cap', () => {
  // Making 64 connections takes longer than what they do.
  const pool = connect(64)
  let done: () => void
  beforeAll(async () => {
    done = await takeMostConnections()
  }, 300_000)
  afterAll(async () => {
    await pool.end()
    done()
  })

  it.each([
    [10_000, 7],
    [6_400, 1],
    [6_300, 1],
    [500, 6],
  ])('of %s are admitted exactly as many calls of %s00 as it holds', async (cap, output) => {
    const { id } = await makeCapped(cap)
    const outcomes = await Promise.all(
      Array.from({ length: 128 }, () => refusalOf(start(id, { output, db: pool }))),
    )
    const admitted = outcomes.filter((outcome) => outcome === undefined).length
    expect(admitted).toBe(Math.min(128, Math.floor(cap / (output * 100))))
    expect(outcomes.filter((outcome) => outcome === 'spend_cap_reached')).toHaveLength(128 - admitted)
    expect(await brokenPromises(admin, id)).toEqual([])
  })

  it('that start and complete all day never spend more than it', async () => {
    const { id } = await makeCapped(20_000)
    const outcomes = await Promise.all(
      Array.from({ length: 64 }, async () => {
        let refused = 0
        for (let round = 0; round < 6; round++)
          if (
            await refusalOf(
              start(id, { output: 3, db: pool }).then((hold) =>
                finish(id, hold.id, { output: 1 + (round % 3), db: pool }),
              ),
            )
          )
            refused++
        return refused
      }),
    )
    const { spent, held } = await spendOf(id)
    expect(held).toBe(0)
    expect(spent).toBeLessThanOrEqual(20_000)
    // None was refused for long: what calls did not take was used by others.
    expect(spent).toBeGreaterThan(19_700)
    expect(outcomes.reduce((sum, refused) => sum + refused, 0)).toBeGreaterThan(0)
    expect(await brokenPromises(admin, id)).toEqual([])
  })

  it('with one key are one call, and complete it once', async () => {
    const { id } = await makeCapped(1_000)
    const key = freshKey()
    const holds = await Promise.all(Array.from({ length: 64 }, () => start(id, { key, output: 5, db: pool })))
    expect(new Set(holds.map((hold) => hold.id)).size).toBe(1)
    const calls = await Promise.all(
      Array.from({ length: 64 }, () => finish(id, holds[0]!.id, { output: 4, db: pool })),
    )
    expect(new Set(calls.map((call) => JSON.stringify(call))).size).toBe(1)
    const tools = await Promise.all(Array.from({ length: 64 }, () => recordTool(id, { key, db: pool })))
    expect(new Set(tools.map((call) => call.id)).size).toBe(1)
    expect(await spendOf(id)).toMatchObject({ spent: 400, held: 0 })
    expect(await brokenPromises(admin, id)).toEqual([])
  })
})
