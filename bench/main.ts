import { writeFile } from 'node:fs/promises'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { generator } from './load/load.ts'
import { type Figure, isMet, say } from './measure.ts'
import { benchApiKeys } from './parts/api-keys.ts'
import { benchAudit } from './parts/audit.ts'
import { benchLookup } from './parts/lookup.ts'
import { benchMatrix } from './parts/matrix.ts'
import { benchMember } from './parts/member.ts'
import { benchRefusals } from './parts/refusals/index.ts'
import { benchRls } from './parts/rls.ts'
import { benchUsage } from './parts/usage.ts'
import { benchWebhooks } from './parts/webhooks/webhooks.ts'
import { bootStack } from './stack.ts'
import { printTable } from './table.ts'

const parts = {
  refusals: benchRefusals,
  rls: benchRls,
  usage: benchUsage,
  audit: benchAudit,
  'api-keys': benchApiKeys,
  member: benchMember,
  webhooks: benchWebhooks,
  matrix: benchMatrix,
  lookup: benchLookup,
}
type Part = keyof typeof parts

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(parts).join(',') },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
})
const wanted = values.only.split(',')
const unknown = wanted.find((part) => !(part in parts))
if (unknown !== undefined) {
  console.error(`--only wants a list of ${Object.keys(parts).join(', ')}, not "${unknown}".`)
  process.exit(2)
}

const stack = await bootStack()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stack.stop().then(() => process.exit(130)))
}
const figures: Figure[] = []
const loadBefore = loadavg()[0] ?? 0
try {
  // In the order of the list above. The lookup's million tenants come last.
  for (const part of Object.keys(parts) as Part[]) {
    if (!wanted.includes(part)) continue
    say(`${part} ...`)
    figures.push(...(await parts[part](stack, values.quick)))
  }
} catch (error) {
  // Results from before an error are still worth showing.
  console.error(error)
  process.exitCode = 1
} finally {
  await stack.stop()
}
printTable(figures)
const processors = cpus()
console.log(
  `${processors.length} x ${processors[0]?.model.trim()}, load ${loadBefore.toFixed(1)} before; requests by ${generator}.${values.quick ? ' Quick: these figures say nothing.' : ''}`,
)
if (values.json) {
  const results = figures.map((figure) => ({ ...figure, is_met: isMet(figure) }))
  await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`)
}
