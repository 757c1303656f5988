import { type Figure, isMet } from './measure.ts'

/** The figures as a table on stdout. A note is shown below its line. */
export function printTable(figures: Figure[]): void {
  const rows = [['', 'figure', '', 'baseline', 'ratio', 'goal', '']]
  for (const figure of figures) {
    const { part, what, unit, value, baseline, ratio, goal } = figure
    const met = isMet(figure)
    rows.push([
      ...[part, what, `${written(value)} ${unit}`, baseline === undefined ? '' : written(baseline)],
      ratio === undefined ? '' : ratio.toFixed(2),
      goal === undefined ? '' : 'atLeast' in goal ? `>= ${goal.atLeast}` : `<= ${goal.atMost}`,
      met === undefined ? '' : met ? 'met' : 'NOT MET',
    ])
  }
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  for (const row of rows) {
    console.log(
      row
        .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
  }
  for (const { what, note } of figures) if (note) console.log(`  ${what}: ${note}`)
}

function written(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}
