import { useId } from 'react'
import { words } from '../app/words/words.ts'
import styles from './chart.module.css'
import { numberOf } from './when.tsx'

interface Point {
  /** Two hours may have one name, when the clock is put back. */
  at: string
  /** What the bar is of, such as an hour. */
  name: string
  /** One for each series, from the bottom to the top. */
  values: readonly number[]
}

interface Props {
  title: string
  /** What it shows, in a sentence. */
  summary: string
  /** What the parts of a bar are called; the second is drawn as what went wrong. */
  series: readonly string[]
  points: readonly Point[]
  /** What the first column of the table is called. */
  nameOfPoints: string
}

/** Bars over time. Its table says the same, to everybody. */
export function Chart({ title, summary, series, points, nameOfPoints }: Props) {
  const id = useId()
  const sums = points.map(({ values }) => values.reduce((sum, value) => sum + value, 0))
  const top = Math.max(1, ...sums)
  return (
    <figure className={styles.chart} aria-labelledby={id}>
      <figcaption>
        <strong id={id}>{title}</strong>
        <span>{summary}</span>
        <span className={styles.legend} aria-hidden="true">
          {series.map((name, n) => (
            <span key={name}>
              <span className={[styles.swatch, styles[`series${n}`]].join(' ')} /> {name}
            </span>
          ))}
        </span>
      </figcaption>
      <svg
        className={styles.bars}
        viewBox={`0 0 ${points.length} ${top}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        {points.map(({ at, values }, x) => {
          let height = 0
          return values.map((value, n) => {
            // A bar has no room below the line. The table has the value.
            if (value <= 0) return null
            height += value
            return (
              <rect
                key={`${at} ${series[n]}`}
                className={styles[`series${n}`]}
                x={x + 0.1}
                width={0.8}
                y={top - height}
                height={value}
              />
            )
          })
        })}
      </svg>
      <p className={styles.ends} aria-hidden="true">
        <span>{points[0]?.name}</span>
        <span>{points.at(-1)?.name}</span>
      </p>
      <details>
        <summary>{words.asTable}</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
        <div className={styles.scroll} tabIndex={0}>
          <table aria-labelledby={id}>
            <thead>
              <tr>
                <th scope="col">{nameOfPoints}</th>
                {series.map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {points.map(({ at, name, values }) => (
                <tr key={at}>
                  <th scope="row">{name}</th>
                  {values.map((value, n) => (
                    <td key={series[n]}>{numberOf(value)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  )
}
