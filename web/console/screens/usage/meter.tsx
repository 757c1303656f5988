import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import {
  type Meter,
  meterDaysQuery,
  meterFile,
  meterGroupsQuery,
  meterQuery,
  type Reading,
} from '../../api/meters.ts'
import { lastDays, type Range } from '../../api/usage.ts'
import { Button } from '../../parts/button.tsx'
import { Card } from '../../parts/card.tsx'
import { Chart } from '../../parts/chart.tsx'
import { Select } from '../../parts/choice.tsx'
import { Curl } from '../../parts/curl.tsx'
import { saveFile } from '../../parts/download.ts'
import { More } from '../../parts/list.tsx'
import { Banner, Failure } from '../../parts/notice.tsx'
import { oneOf } from '../../parts/search.ts'
import { isRefused, Pending } from '../../parts/states.tsx'
import { numberOf } from '../../parts/when.tsx'
import { daysIn } from './days.ts'
import { UsageScreen } from './frame.tsx'
import { exampleFor } from './meter-example.ts'
import { figureOf, heightOf, isZeroWithout, measuredBy } from './meter-figures.ts'
import { MeterSettings } from './meter-settings.tsx'
import styles from './usage.module.css'
import { words } from './words/words.ts'

const route = getRouteApi('/t/$slug/usage/meters/$meter')
const ranges = ['7', '30', '90'] as const

/** One meter: what it shows, how events reach it, and what can be changed of it. */
export function MeterScreen() {
  const { meter } = route.useParams()
  return (
    <UsageScreen notManaged={words.metersByManagers}>
      {({ slug, tenant, mayManage }) => (
        <One
          key={`${slug} ${meter}`}
          slug={slug}
          name={meter}
          timeZone={tenant.time_zone}
          mayManage={mayManage}
        />
      )}
    </UsageScreen>
  )
}

interface Props {
  slug: string
  name: string
  timeZone: string
  mayManage: boolean
}

function One({ slug, name, timeZone, mayManage }: Props) {
  const meter = useQuery(meterQuery(slug, name))
  if (!meter.data || isRefused(meter)) return <Pending queries={[meter]} />
  return (
    <>
      <p>
        <Link to="/t/$slug/usage/meters" params={{ slug }}>
          {words.allMeters}
        </Link>
      </p>
      <h2>{meter.data.name}</h2>
      <p className={styles.measured}>{measuredBy(meter.data)}</p>
      {meter.data.archived_at && <Banner>{words.archivedLead}</Banner>}
      <Readings slug={slug} meter={meter.data} timeZone={timeZone} />
      <Sending slug={slug} meter={meter.data} />
      {mayManage && <MeterSettings slug={slug} meter={meter.data} />}
    </>
  )
}

function Readings({ slug, meter, timeZone }: { slug: string; meter: Meter; timeZone: string }) {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const days = oneOf(ranges, search.days) ?? '30'
  const by = oneOf(meter.group_by, search.by) ?? ''
  const set = (change: { days?: string | undefined; by?: string | undefined }) =>
    void navigate({
      search: (before) => ({ ...before, ...change }) as typeof search,
      replace: true,
      resetScroll: false,
    })
  const range = lastDays(Number(days), timeZone)
  const byDay = useQuery(meterDaysQuery(slug, meter.ref_id, range))
  const inAll = useInfiniteQuery(meterGroupsQuery(slug, meter.ref_id, range, ''))
  const downloading = useMutation({
    mutationFn: () => meterFile(slug, meter, range),
    onSuccess: (file) => saveFile(`${meter.slug}-${slug}.csv`, file),
  })
  const sum = inAll.data?.pages[0]?.readings[0]
  return (
    <>
      <div className={styles.choices}>
        <Select
          label={words.range}
          options={ranges.map((each) => [each, words.lastDays(Number(each))] as const)}
          value={days}
          onValue={(next) => set({ days: next })}
        />
        {meter.group_by.length > 0 && (
          <Select
            label={words.splitBy}
            options={[['', words.notSplit], ...meter.group_by.map((each) => [each, each] as const)]}
            value={by}
            onValue={(next) => set({ by: next || undefined })}
          />
        )}
        <Button look="quiet" disabled={downloading.isPending} onClick={() => downloading.mutate()}>
          {downloading.isPending ? words.working : words.csv}
        </Button>
      </div>
      {downloading.error && <Failure error={downloading.error} />}
      {!byDay.data || !inAll.data || isRefused(byDay, inAll) ? (
        <Pending queries={[byDay, inAll]} />
      ) : !sum ? (
        <p>{words.nothingMeasured}</p>
      ) : (
        <>
          <Days meter={meter} readings={byDay.data} sum={sum} range={range} />
          {by && <Split key={by} slug={slug} meter={meter} range={range} by={by} />}
        </>
      )}
    </>
  )
}

interface DaysProps {
  meter: Meter
  readings: Reading[]
  sum: Reading
  range: Range
}

/** Each day of the range. Where nothing is not zero, only those that have a value. */
function Days({ meter, readings, sum, range }: DaysProps) {
  const { names, nameOf } = daysIn(range)
  const valued = readings.filter(({ value }) => value !== null).reverse()
  const heights = new Map(
    valued.map(({ starts_at, value }) => [nameOf(starts_at), heightOf(meter, value)] as const),
  )
  const shown = isZeroWithout(meter) ? new Set([...names, ...heights.keys()]) : heights.keys()
  return (
    <>
      <Chart
        title={words.perDay(words.aggregations[meter.aggregation])}
        summary={words.ofEvents(figureOf(meter, sum.value), numberOf(sum.event_count))}
        series={[words.aggregations[meter.aggregation]]}
        points={[...shown].map((name) => ({ at: name, name, values: [heights.get(name) ?? 0] }))}
        nameOfPoints={words.day}
      />
      {sum.uncounted_count > 0 && <p>{words.uncounted(numberOf(sum.uncounted_count))}</p>}
    </>
  )
}

interface SplitProps {
  slug: string
  meter: Meter
  range: Range
  by: string
}

function Split({ slug, meter, range, by }: SplitProps) {
  const groups = useInfiniteQuery(meterGroupsQuery(slug, meter.ref_id, range, by))
  if (!groups.data || isRefused(groups)) return <Pending queries={[groups]} />
  const readings = groups.data.pages
    .flatMap((page) => page.readings)
    .sort((a, b) => heightOf(meter, b.value) - heightOf(meter, a.value))
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
      <div className={styles.table} tabIndex={0}>
        <table aria-label={by}>
          <thead>
            <tr>
              <th scope="col">{by}</th>
              <th scope="col">{words.aggregations[meter.aggregation]}</th>
              <th scope="col">{words.measures.event_count}</th>
            </tr>
          </thead>
          <tbody>
            {readings.map(({ groups: { [by]: group }, value, event_count }) => (
              <tr key={JSON.stringify(group)}>
                <th scope="row">{group ?? words.none}</th>
                <td>{figureOf(meter, value)}</td>
                <td>{numberOf(event_count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <More pages={groups} />
    </>
  )
}

/** A program does it, with a key. */
function Sending({ slug, meter }: { slug: string; meter: Meter }) {
  return (
    <Card title={words.sending}>
      <p>{words.sendingLead}</p>
      <p>
        <Link to="/t/$slug/keys" params={{ slug }}>
          {words.rooms.keys}
        </Link>
      </p>
      <Curl
        title={words.sendingExample}
        method="POST"
        path="/usage/events"
        tenant={slug}
        body={exampleFor(meter)}
      />
    </Card>
  )
}
