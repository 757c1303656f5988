import type pg from 'pg'
import { type Figure, say } from '../../measure.ts'
import type { BenchStack } from '../../stack.ts'
import { attempt } from './attempt.ts'
import { type BadCall, badCalls, goodArguments } from './bad-calls.ts'
import { type Callable, readCallables } from './calls.ts'
import { goodCalls } from './good-calls.ts'
import { unmeasured } from './unmeasured.ts'
import { makeWorld, type World } from './world.ts'

/** In parts of about 100 bytes: 10,000 are a megabyte, which is what a body may have. */
const sizes = [10, 100, 1_000, 10_000]
const quickSizes = [10, 100]
/** Whatever costs less is no result: steps of a growth count from here. */
const leastMs = 2

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
    const sending = new Map<string, number>()
    for (const [index, callable] of callables.entries()) {
      if (index % 10 === 0) say(`refusals: ${callable.name}, ${index + 1} of ${callables.length}`)
      worst.push(await measure({ db, world, sending, isQuick }, callable))
    }
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

interface Measuring {
  db: pg.ClientBase
  world: World
  /** What sending a value costs, by its type, its name and its size: the same for every function. */
  sending: Map<string, number>
  isQuick: boolean
}

async function measure(measuring: Measuring, callable: Callable): Promise<Worst> {
  const { db, world, isQuick } = measuring
  // A call that is refused anyhow would show nothing.
  const { refusal } = await attempt(db, world, callable, goodArguments(callable, world))
  if (refusal?.message !== goodCalls[callable.name]?.refused)
    throw new Error(`The good call of ${callable.name} answers ${refusal?.message ?? 'well'}.`)
  const bySize: { what: string; ms: number }[][] = []
  for (const n of isQuick ? quickSizes : sizes) {
    const found: { what: string; ms: number }[] = []
    // All of them, counted and not timed, are in test/bounds.test.ts.
    const bad = badCalls(callable, world, n).filter((_, at) => !isQuick || at % 20 === 0)
    for (const one of bad)
      found.push({ what: `${one.what} (${n})`, ms: await costOf(measuring, callable, one, n) })
    bySize.push(found)
  }
  // Not always with the largest value, which may be refused before it is looked at.
  const last = bySize.flat().reduce((a, b) => (b.ms > a.ms ? b : a), { what: '', ms: 0 })
  const [large = [], small = []] = bySize.toReversed()
  // Below that, the clock and the caches of the processor would be a growth.
  const growth = Math.max(
    ...large.map(({ ms }, at) => (ms < 5 ? 0 : ms / Math.max(small[at]?.ms ?? 0, leastMs))),
  )
  return { what: `${callable.name}, ${last.what}`, ms: last.ms, growth }
}

/** The least of three rounds, less the least that sending costs: one slow round would hide what the call costs. */
async function costOf(
  measuring: Measuring,
  callable: Callable,
  { what, type, args }: BadCall,
  n: number,
): Promise<number> {
  const { db, world, sending, isQuick } = measuring
  const name = `${type}: ${what.slice(what.indexOf(': ') + 2)} (${n})`
  const known = type === undefined ? undefined : sending.get(name)
  let [ms, sent] = [Number.POSITIVE_INFINITY, known ?? Number.POSITIVE_INFINITY]
  for (let round = 0; round < (isQuick ? 1 : 3); round++) {
    ms = Math.min(ms, (await attempt(db, world, callable, args)).ms)
    if (known === undefined || round > 0)
      sent = Math.min(sent, await costOfSending(db, world, callable, args))
    // More rounds could only find that it costs even less.
    if (ms - sent < leastMs) break
  }
  if (type !== undefined) sending.set(name, sent)
  return Math.max(0, ms - sent)
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
