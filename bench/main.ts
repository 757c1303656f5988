import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { loadAtMost } from './load/load.ts'
import { describeMachine } from './machine.ts'
import { say } from './measure.ts'
import { type Part, parts } from './parts/parts.ts'
import { type PartResult, printTables, writePage } from './report.ts'
import { type BenchStack, bootStack, discardEmpty } from './stack.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
})
const { only, quick, write, json } = values
if (write && (quick || only !== undefined)) {
  console.error('--write takes no --quick and no --only: docs/benchmarks.md is written by a whole run.')
  process.exit(2)
}
const wanted = choose(only?.split(','))
if (quick) loadAtMost(200)

const stacks = new Set<BenchStack>()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(
    signal,
    () =>
      void Promise.all([...stacks].map((stack) => stack.stop()))
        .then(discardEmpty)
        .then(() => process.exit(130)),
  )
}

const startedAt = performance.now()
const machine = await describeMachine()
const page = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url))
const results: PartResult[] = []
// The quick size only shows that all parts run. It begins with those that take longest, so that none is left alone.
const long = ['matrix', 'webhooks-tenants', 'lookup', 'console', 'member', 'notifications']
const waiting = quick ? wanted.toSorted((one, other) => placeOf(one) - placeOf(other)) : [...wanted]
// Whoever measures wants the machine for one part.
await Promise.all(Array.from({ length: quick ? 3 : 1 }, runParts))
await discardEmpty()
results.sort((one, other) => wanted.indexOf(one.part) - wanted.indexOf(other.part))
printTables(results)
console.log(
  `Took ${secondsSince(startedAt)} s. ${machine.summary}${quick ? ' Quick: these figures say nothing.' : ''}`,
)
if (json) await writeFile(json, `${JSON.stringify({ machine, results }, null, 2)}\n`)
for (const { part, failure } of results) if (failure) console.error(`FAILED: ${part.name}: ${failure}`)
process.exitCode = results.some(({ failure }) => failure) ? 1 : 0
// A part that failed may have left a server or a connection open.
setTimeout(() => process.exit(), 2_000).unref()

function secondsSince(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(0)
}

async function runParts(): Promise<void> {
  for (let part = waiting.shift(); part; part = waiting.shift()) {
    say(`${part.name}, ${wanted.length - waiting.length} of ${wanted.length} ...`)
    const since = performance.now()
    const outcome = await measure(part)
    results.push({ ...outcome, seconds: (performance.now() - since) / 1000 })
    say(`${part.name} took ${secondsSince(since)} s`)
    // After each part, so that a run that is cut off keeps what it has.
    if (write) await writeFile(page, writePage(results, wanted, machine, Number(secondsSince(startedAt))))
  }
}

function placeOf({ name }: Part): number {
  return long.includes(name) ? long.indexOf(name) : long.length
}

/** Runs one part in a stack of its own. Its failure is told and ends no other part. */
async function measure(part: Part): Promise<Omit<PartResult, 'seconds'>> {
  let stack: BenchStack | undefined
  try {
    stack = await bootStack(part.functions ?? [])
    stacks.add(stack)
    return { part, figures: await part.run(stack, quick) }
  } catch (thrown) {
    console.error(thrown)
    return { part, figures: [], failure: thrown instanceof Error ? thrown.message : String(thrown) }
  } finally {
    await stack?.stop()
    if (stack) stacks.delete(stack)
  }
}

/** The parts with these names. "webhooks" means all whose names begin with "webhooks-". */
function choose(names: string[] | undefined): Part[] {
  if (names === undefined) return parts
  const isNamed = (part: Part, name: string) => part.name === name || part.name.startsWith(`${name}-`)
  const unknown = names.find((name) => !parts.some((part) => isNamed(part, name)))
  if (unknown !== undefined) {
    console.error(`--only takes a list of ${parts.map(({ name }) => name).join(', ')}, not "${unknown}".`)
    process.exit(2)
  }
  return parts.filter((part) => names.some((name) => isNamed(part, name)))
}
