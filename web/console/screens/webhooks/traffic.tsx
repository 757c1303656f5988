import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { seriesQuery } from '../../api/webhooks.ts'
import { Chart } from '../../parts/chart.tsx'
import { Failure } from '../../parts/notice.tsx'
import { oneOf } from '../../parts/search.ts'
import { Loading } from '../../parts/states.tsx'
import { dayOf, momentOf, numberOf } from '../../parts/when.tsx'
import styles from './webhooks.module.css'
import { words } from './words/words.ts'

const windows = ['24', '168', '720'] as const

/** How many hours back are looked at, as the address says. */
export const hoursIn = (hours: string | undefined) => Number(oneOf(windows, hours) ?? '24')

/** How the attempts went over time, of one endpoint or of all. */
export function Traffic({ slug, hours, endpoint }: { slug: string; hours: number; endpoint?: string }) {
  const { data, error } = useQuery(seriesQuery(slug, hours, endpoint))
  const sum = (of: 'succeeded' | 'failed') =>
    numberOf(data?.steps.reduce((all, step) => all + step[of], 0) ?? 0)
  return (
    <>
      <p className={styles.windows}>
        {windows.map((each) => (
          <Link
            key={each}
            to="."
            search={{ hours: each }}
            replace
            resetScroll={false}
            aria-current={Number(each) === hours || undefined}
          >
            {words.windows[each]}
          </Link>
        ))}
      </p>
      {error && <Failure error={error} />}
      {!data && !error && <Loading />}
      {data && (
        <Chart
          title={words.traffic}
          summary={words.trafficSummary(sum('succeeded'), sum('failed'), momentOf(data.since))}
          series={[words.outcome.succeeded, words.outcome.failed]}
          nameOfPoints={data.step === 'day' ? words.day : words.hour}
          points={data.steps.map(({ start_at, succeeded, failed }) => ({
            at: start_at,
            name: data.step === 'day' ? dayOf(start_at) : momentOf(start_at),
            values: [succeeded, failed],
          }))}
        />
      )}
    </>
  )
}
