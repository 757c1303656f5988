import fc from 'fast-check'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { admin, takeMostConnections } from '../../kit/db.ts'
import {
  adjust,
  brokenPromises,
  connect,
  consume,
  type Entry,
  freshKey,
  makeFunded,
  refund,
  refusalOf,
  release,
  reserve,
  topUp,
} from './ledger.ts'

// A busy machine makes this slow, not wrong.
vi.setConfig({ testTimeout: 300_000 })

/** An operation of one client. A number that names a reservation counts those that anybody has made by then. */
type Operation =
  | { does: 'reserve'; credits: number; key: number; seconds: number }
  | { does: 'batch'; credits: number[]; key: number }
  | { does: 'consume'; which: number; credits: number; key: number }
  | { does: 'release'; which: number; key: number }
  | { does: 'refund'; which: number; credits: number; key: number }
  | { does: 'adjust'; credits: number; key: number }
  | { does: 'topUp'; credits: number; key: number }
  | { does: 'settle' }

// Few keys and small numbers, so that keys are used twice and credits run out.
const key = fc.nat({ max: 40 })
const which = fc.nat({ max: 30 })
const credits = fc.integer({ min: 1, max: 60 })
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('reserve' as const),
      credits,
      key,
      seconds: fc.constantFrom(1, 900),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('batch' as const),
      credits: fc.array(credits, { minLength: 1, maxLength: 6 }),
      key,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('consume' as const),
      which,
      credits: fc.integer({ min: 0, max: 80 }),
      key,
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('release' as const), which, key }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('refund' as const), which, credits, key }) },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('adjust' as const),
      credits: fc.integer({ min: -80, max: 80 }),
      key,
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('topUp' as const), credits, key }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('settle' as const) }) },
)

/** What a tenant's clients share: the reservations there are, and the first answer of each key. */
interface Scene {
  tenant: string
  reservations: string[]
  answers: Map<string, string>
  differences: string[]
}

async function run(scene: Scene, operation: Operation, db: pg.Pool): Promise<void> {
  const { tenant, reservations } = scene
  const reservation =
    'which' in operation ? reservations[operation.which % (reservations.length || 1)] : undefined
  if ('which' in operation && reservation === undefined) return
  const name = 'key' in operation ? `k${operation.key}` : ''
  const work = async (): Promise<Entry | undefined> => {
    switch (operation.does) {
      case 'reserve':
        return reserve(tenant, operation.credits, name, db, operation.seconds)
      case 'batch': {
        const keys = operation.credits.map((_, n) => `${name}-${n}`)
        const { rows } = await db.query<{ outcome: string; reservation_id: string }>(
          'select * from public.reserve_credits_batch($1, $2, $3)',
          [tenant, operation.credits, keys],
        )
        for (const row of rows) if (row.outcome === 'reserved') reservations.push(row.reservation_id)
        return undefined
      }
      case 'consume':
        return consume(tenant, reservation!, operation.credits, name, db)
      case 'release':
        return release(tenant, reservation!, name, db)
      case 'refund':
        return refund(tenant, reservation!, operation.credits, name, db)
      case 'adjust':
        return adjust(tenant, operation.credits, name, db)
      case 'topUp':
        return topUp(tenant, operation.credits, name, 'infinity', db)
      case 'settle':
        await db.query('select private.settle_due_credits()')
    }
  }
  await refusalOf(
    work().then((entry) => {
      if (!entry) return
      if (operation.does === 'reserve' && !reservations.includes(entry.reservation_id!))
        reservations.push(entry.reservation_id!)
      // Whoever uses a key first decides what it stands for. Everybody else hears the same, or is refused.
      const answered = `${operation.does === 'topUp' ? 'order ' : ''}${name}`
      const text = JSON.stringify(entry)
      const first = scene.answers.get(answered) ?? text
      scene.answers.set(answered, first)
      if (first !== text) scene.differences.push(`${answered}: ${first} and then ${text}`)
    }),
  )
}

const newScene = (tenant: string): Scene => ({
  tenant,
  reservations: [],
  answers: new Map(),
  differences: [],
})

async function expectPromises(scene: Scene): Promise<void> {
  expect(await brokenPromises(admin, scene.tenant)).toEqual([])
  expect(scene.differences).toEqual([])
}

describe('whatever is done with the credits of a tenant', () => {
  it('one after the other, every promise holds after each', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 25 }), async (operations) => {
        const scene = newScene((await makeFunded(150)).id)
        for (const one of operations) {
          await run(scene, one, admin)
          await expectPromises(scene)
        }
      }),
      { numRuns: 15 },
    )
  })

  it('at once over eight connections, every promise holds', async () => {
    const pool = connect(8)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(operation, { minLength: 3, maxLength: 12 }), { minLength: 2, maxLength: 8 }),
        async (clients) => {
          const scene = newScene((await makeFunded(150)).id)
          await Promise.all(
            clients.map(async (operations) => {
              for (const one of operations) await run(scene, one, pool)
            }),
          )
          await expectPromises(scene)
        },
      ),
      { numRuns: 40 },
    )
    await pool.end()
  })

  it('a promise that is broken is noticed', async () => {
    const { id } = await makeFunded(100)
    const { reservation_id } = await reserve(id, 10)
    expect(await brokenPromises(admin, id)).toEqual([])
    for (const [sql, found] of [
      ['update public.credit_balances set credits_available = 99 where tenant_id = $1', /sum of the entries/],
      ['update public.credit_balances set credits_reserved = 9 where tenant_id = $1', /open reservations/],
      ['update public.credit_balances set version = 9 where tenant_id = $1', /sum of the entries/],
      [
        'update public.credit_lots set credits_left = 1 where tenant_id = $1 and closed_at is null',
        /lots add up/,
      ],
      [
        `update public.credit_reservations set status = 'released', closed_at = now() where tenant_id = $1`,
        /ends at most once/,
      ],
      ['update public.credit_periods set expired = 1 where tenant_id = $1', /adds up/],
      [
        `insert into public.credit_ledger (tenant_id, version, type, credits, balance_after, reserved_after, actor, created_at)
         values ($1, 99, 'topup', 1, 1000, 0, 'x', now())`,
        /without a gap/,
      ],
    ] as const) {
      const db = await admin.connect()
      await db.query('begin')
      await db.query(sql, [id])
      expect((await brokenPromises(db, id)).join('\n')).toMatch(found)
      await db.query('rollback')
      db.release()
    }
    expect(reservation_id).not.toBeNull()
  })
})

describe('64 connections at one balance', () => {
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
    [100, 7],
    [64, 1],
    [63, 1],
    [5, 6],
    [1_000, 16],
  ])('of %s credits are given exactly as many reservations of %s as it holds', async (available, amount) => {
    const { id } = await makeFunded(available)
    const outcomes = await Promise.all(
      Array.from({ length: 128 }, () => refusalOf(reserve(id, amount, freshKey(), pool))),
    )
    const admitted = outcomes.filter((outcome) => outcome === undefined).length
    expect(admitted).toBe(Math.min(128, Math.floor(available / amount)))
    expect(outcomes.filter((outcome) => outcome === 'insufficient_credits')).toHaveLength(128 - admitted)
    expect(await brokenPromises(admin, id)).toEqual([])
  })

  it('with one key are all given the same reservation', async () => {
    const { id } = await makeFunded(100)
    const key = freshKey()
    const entries = await Promise.all(Array.from({ length: 64 }, () => reserve(id, 10, key, pool)))
    expect(new Set(entries.map((entry) => JSON.stringify(entry))).size).toBe(1)
    const { rows } = await admin.query('select from public.credit_reservations where tenant_id = $1', [id])
    expect(rows).toHaveLength(1)
    expect(await brokenPromises(admin, id)).toEqual([])
  })

  it('who end one reservation end it once', async () => {
    const { id } = await makeFunded(100)
    const { reservation_id } = await reserve(id, 10)
    const outcomes = await Promise.all(
      Array.from({ length: 64 }, (_, n) =>
        refusalOf(
          n % 2
            ? consume(id, reservation_id!, 5, freshKey(), pool)
            : release(id, reservation_id!, freshKey(), pool),
        ),
      ),
    )
    expect(outcomes.filter((outcome) => outcome === undefined)).toHaveLength(1)
    expect(outcomes.filter((outcome) => outcome === 'reservation_closed')).toHaveLength(63)
    expect(await brokenPromises(admin, id)).toEqual([])
  })

  it('who are the first to use credits make one balance', async () => {
    const { rows } = await admin.query<{ id: string }>(
      `insert into public.tenants (slug, name, status, plan) values ('t-' || md5(random()::text), 'New', 'active', 'starter') returning id`,
    )
    const id = rows[0]!.id
    const outcomes = await Promise.all(
      Array.from({ length: 64 }, () => refusalOf(reserve(id, 10, freshKey(), pool))),
    )
    expect(outcomes.filter((outcome) => outcome === undefined)).toHaveLength(50)
    expect(await brokenPromises(admin, id)).toEqual([])
  })
})
