import type { Machine } from './machine.ts'
import { type Figure, isMet } from './measure.ts'
import type { Part } from './parts/parts.ts'

/** What came of a part: its figures, or why it has none. */
export interface PartResult {
  part: Part
  figures: Figure[]
  failure?: string
  /** Filling and booting included. */
  seconds: number
}

const heads = ['figure', 'value', 'baseline', 'ratio', 'goal', '']

/** The figures as tables on stdout. A note is shown below its table. */
export function printTables(results: PartResult[]): void {
  for (const { part, figures, failure } of results) {
    console.log(`\n${part.name}${failure ? `: FAILED: ${failure}` : ''}`)
    const rows = [heads, ...figures.map(cellsOf)]
    const widths = heads.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
    const pad = (cell: string, column: number) =>
      column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
    if (figures.length > 0) for (const row of rows) console.log(`  ${row.map(pad).join('  ').trimEnd()}`)
    for (const { what, note } of figures) if (note) console.log(`    ${what}: ${note}`)
  }
}

/** The same as the page docs/benchmarks.md. */
export function writePage(
  results: PartResult[],
  wanted: Part[],
  { date, commit, summary }: Machine,
  seconds: number,
): string {
  const judged = results.flatMap(({ figures }) => figures).map(isMet)
  const count = (met: boolean) => judged.filter((each) => each === met).length
  const lines = [
    '# Benchmarks',
    '',
    '`npm run bench -- --write` wrote this page. Nobody edits it.',
    '',
    `Measured on ${date}, commit ${commit}, on ${summary} The load generator, the functions and Postgres share the machine.`,
    ranOf(results, wanted, seconds),
    `${count(true)} goals are met, ${count(false)} are not. A ratio compares a figure with its baseline; 1 is equal.`,
  ]
  for (const { part, figures, failure, seconds: took } of results) {
    lines.push('', `## ${part.name}`, '', part.about, '', `Took ${written(Math.round(took))} s.`, '')
    if (failure) lines.push(`**This part failed:** ${failure}`, '')
    if (figures.length === 0) continue
    lines.push(`| ${heads.join(' | ')} |`, '| --- | ---: | ---: | ---: | --- | --- |')
    for (const figure of figures) lines.push(`| ${cellsOf(figure).map(escaped).join(' | ')} |`)
    const notes = figures.filter(({ note }) => note)
    if (notes.length > 0) lines.push('', ...notes.map(({ what, note }) => `- ${what}: ${note}`))
  }
  return `${lines.join('\n')}\n`
}

/** A run that is cut off, or in which a part fails, may not read like a whole one. */
function ranOf(results: PartResult[], wanted: Part[], seconds: number): string {
  const minutes = `${Math.ceil(seconds / 60)} minutes`
  const names = (parts: Part[]) => parts.map(({ name }) => name).join(', ')
  const missing = wanted.filter((part) => !results.some((result) => result.part === part))
  const failed = results.flatMap(({ part, failure }) => (failure ? [part] : []))
  return [
    missing.length === 0
      ? `All ${wanted.length} parts ran, in ${minutes}.`
      : `**The run was cut off** after ${results.length} of ${wanted.length} parts and ${minutes}. Not measured: ${names(missing)}.`,
    ...(failed.length > 0 ? [`**Failed:** ${names(failed)}.`] : []),
  ].join(' ')
}

function cellsOf(figure: Figure): string[] {
  const { what, unit, value, baseline, ratio, goal } = figure
  const met = isMet(figure)
  return [
    what,
    `${written(value)} ${unit}`,
    baseline === undefined ? '' : written(baseline),
    ratio === undefined ? '' : ratio.toFixed(2),
    goal === undefined ? '' : `${ratio === undefined ? '' : 'ratio '}${limitOf(goal)}`,
    met === undefined ? '' : met ? 'met' : 'NOT MET',
  ]
}

function limitOf(goal: NonNullable<Figure['goal']>): string {
  return 'atLeast' in goal ? `at least ${written(goal.atLeast)}` : `at most ${written(goal.atMost)}`
}

const escaped = (cell: string) => cell.replaceAll('|', '\\|')

function written(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)))
}
