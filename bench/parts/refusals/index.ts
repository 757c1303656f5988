import type pg from 'pg'
import { type Figure, say } from '../../measure.ts'
import type { BenchStack } from '../../stack.ts'
import { attempt } from './attempt.ts'
import { badCalls, goodArguments } from './bad-calls.ts'
import { type Callable, readCallables } from './calls.ts'
import { goodCalls, unmeasured } from './good-calls.ts'
import { makeWorld, type World } from './world.ts'

/** 10,000 parts are a megabyte, which is what a body may have. */
const sizes = [10, 100, 1_000, 10_000]

/**
 * What every function that takes text, JSON or a list costs the database with the worst value of each size. The list
 * is the catalogue's, so a new function is in it. Figures are processor time, less what sending the value costs.
 */
export async function benchRefusals(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const db = await stack.connect(stack.adminUrl)
  await db.query('begin')
  try {
    const world = await makeWorld(db)
    const callables = (await readCallables(db)).filter(({ name }) => !(name in unmeasured))
    const worst: Worst[] = []
    for (const callable of callables) worst.push(await measure(db, world, callable, isQuick ? 1 : 3))
    worst.sort((a, b) => b.ms - a.ms)
    const [slowest] = worst
    const steepest = worst.toSorted((a, b) => b.growth - a.growth)[0]
    if (!slowest || !steepest) throw new Error('The catalogue has no function that takes text or JSON.')
    return [
      {
        what: `worst of ${worst.length} functions, up to 1 MB`,
        unit: 'ms',
        value: slowest.ms,
        goal: { atMost: 50 },
        note: slowest.what,
      },
      {
        what: 'steepest growth, 100 kB to 1 MB',
        unit: 'x',
        value: steepest.growth,
        goal: { atMost: 15 },
        note: `${steepest.what}; ten times is linear`,
      },
      ...worst.slice(1, 5).map(({ ms, what }) => ({ what, unit: 'ms', value: ms, goal: { atMost: 50 } })),
    ]
  } finally {
    await db.query('rollback')
  }
}

interface Worst {
  what: string
  /** With the value that costs most. */
  ms: number
  /** How much more the largest value costs than one of a tenth. */
  growth: number
}

async function measure(db: pg.ClientBase, world: World, callable: Callable, rounds: number): Promise<Worst> {
  say(`refusals: ${callable.name}`)
  // A call that is refused anyhow would show nothing.
  const { refusal } = await attempt(db, world, callable, goodArguments(callable, world))
  if (refusal?.message !== goodCalls[callable.name]?.refused)
    throw new Error(`The good call of ${callable.name} answers ${refusal?.message ?? 'well'}.`)
  const bySize: { what: string; ms: number }[][] = []
  for (const n of sizes) {
    const found: { what: string; ms: number }[] = []
    for (const { what, args } of badCalls(callable, world, n)) {
      const times: number[] = []
      const sending: number[] = []
      for (let round = 0; round < rounds; round++) {
        times.push((await attempt(db, world, callable, args)).ms)
        sending.push(await costOfSending(db, world, callable, args))
      }
      // The least of each: one slow round of sending would hide what the call itself costs.
      found.push({ what: `${what} (${n})`, ms: Math.max(0, Math.min(...times) - Math.min(...sending)) })
    }
    bySize.push(found)
  }
  // Not always with the largest value, which may be refused before it is looked at.
  const last = bySize.flat().reduce((a, b) => (b.ms > a.ms ? b : a), { what: '', ms: 0 })
  const [large = [], small = []] = bySize.toReversed()
  // Below that, the clock and the caches of the processor would be a growth.
  const growth = Math.max(...large.map(({ ms }, at) => (ms < 5 ? 0 : ms / Math.max(small[at]?.ms ?? 0, 2))))
  return { what: `${callable.name}, ${last.what}`, ms: last.ms, growth }
}

/** The same values to a function that looks at nothing: parsing a megabyte of JSON is not what is asked here. */
async function costOfSending(
  db: pg.ClientBase,
  world: World,
  { parameters }: Callable,
  args: Record<string, unknown>,
): Promise<number> {
  const name = 'pg_catalog.num_nulls'
  const given = parameters.filter(({ name }) => name in args)
  return (await attempt(db, world, { name, parameters: given, role: null }, args, false)).ms
}
