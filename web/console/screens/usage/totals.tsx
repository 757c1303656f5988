import { useMutation, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import {
  downloadUsage,
  type Group,
  lastDays,
  type Range,
  type Sum,
  type Total,
  usageByDayQuery,
  usageByGroupQuery,
} from '../../api/usage.ts'
import { Button } from '../../parts/button.tsx'
import { Chart } from '../../parts/chart.tsx'
import { Select } from '../../parts/choice.tsx'
import { dollarsOf } from '../../parts/money.ts'
import { Failure } from '../../parts/notice.tsx'
import { oneOf } from '../../parts/search.ts'
import { isRefused, Pending } from '../../parts/states.tsx'
import { numberOf } from '../../parts/when.tsx'
import { daysIn } from './days.ts'
import styles from './usage.module.css'
import { words } from './words/words.ts'

const route = getRouteApi('/t/$slug/usage')
const ranges = ['7', '30', '90'] as const
const groups = ['event_type', 'model_used'] as const
const measures = ['event_count', 'tokens_used', 'cost_micros'] as const
type Measure = (typeof measures)[number]

/** What was used in the last days: on each day, and of each type or by each model. */
export function Totals({ slug, timeZone }: { slug: string; timeZone: string }) {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const days = oneOf(ranges, search.days) ?? '30'
  const group = oneOf(groups, search.by) ?? 'event_type'
  const measure = oneOf(measures, search.of) ?? 'event_count'
  const set = (change: { days?: string; by?: string; of?: string }) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true, resetScroll: false })
  const range = lastDays(Number(days), timeZone)
  const byDay = useQuery(usageByDayQuery(slug, range))
  const byGroup = useQuery(usageByGroupQuery(slug, range, group))
  const downloading = useMutation({ mutationFn: () => downloadUsage(slug, range) })

  return (
    <section aria-label={words.used}>
      <h2>{words.used}</h2>
      <div className={styles.choices}>
        <Select
          label={words.range}
          options={ranges.map((each) => [each, words.lastDays(Number(each))] as const)}
          value={days}
          onValue={(value) => set({ days: value })}
        />
        <Select
          label={words.measure}
          options={measures.map((each) => [each, words.measures[each]] as const)}
          value={measure}
          onValue={(value) => set({ of: value })}
        />
        <Select
          label={words.by}
          options={groups.map((each) => [each, words.groups[each]] as const)}
          value={group}
          onValue={(value) => set({ by: value })}
        />
        <Button look="quiet" disabled={downloading.isPending} onClick={() => downloading.mutate()}>
          {downloading.isPending ? words.working : words.csv}
        </Button>
      </div>
      {downloading.error && <Failure error={downloading.error} />}
      {!byDay.data || !byGroup.data || isRefused(byDay, byGroup) ? (
        <Pending queries={[byDay, byGroup]} />
      ) : byDay.data.length === 0 ? (
        <p>{words.nothingUsed}</p>
      ) : (
        <>
          <Days totals={byDay.data} range={range} measure={measure} />
          <Groups slug={slug} sums={byGroup.data} group={group} since={range.since} />
        </>
      )}
    </section>
  )
}

const shown = (measure: Measure, value: number) =>
  measure === 'cost_micros' ? dollarsOf(value) : numberOf(value)

/** Every day of the range, those on which nothing was used too. */
function Days({ totals, range, measure }: { totals: Total[]; range: Range; measure: Measure }) {
  const { names, nameOf } = daysIn(range)
  const values = new Map(totals.map((total) => [nameOf(total.starts_at), total[measure]]))
  for (const name of values.keys()) names.add(name)
  // Micros would be read as dollars in the table.
  const scale = measure === 'cost_micros' ? 1_000_000 : 1
  const points = [...names].map((name) => ({ at: name, name, values: [(values.get(name) ?? 0) / scale] }))
  const sum = totals.reduce((all, total) => all + total[measure], 0)
  return (
    <Chart
      title={words.perDay(words.measures[measure])}
      summary={words.inAll(shown(measure, sum))}
      series={[words.measures[measure]]}
      points={points}
      nameOfPoints={words.day}
    />
  )
}

interface GroupsProps {
  slug: string
  sums: Sum[]
  group: Group
  since: string
}

function Groups({ slug, sums, group, since }: GroupsProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
    <div className={styles.table} tabIndex={0}>
      <table aria-label={words.groups[group]}>
        <thead>
          <tr>
            <th scope="col">{words.groups[group]}</th>
            {measures.map((measure) => (
              <th key={measure} scope="col">
                {words.measures[measure]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sums.map((sum) => (
            <tr key={sum.name ?? ''}>
              <th scope="row">
                <ToCalls slug={slug} name={sum.name} group={group} since={since} />
              </th>
              {measures.map((measure) => (
                <td key={measure}>{shown(measure, sum[measure])}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** A name, which leads to the calls behind the sum where there are some. */
function ToCalls({ slug, name, group, since }: Omit<GroupsProps, 'sums'> & { name: string | null }) {
  if (name === null) return words.none
  if (group === 'model_used' || name === 'llm_call')
    return (
      <Link
        to="/t/$slug/usage/calls"
        params={{ slug }}
        search={{ since, ...(group === 'model_used' && { model: name }) }}
      >
        {name}
      </Link>
    )
  if (name !== 'tool_call') return name
  return (
    <Link to="/t/$slug/usage/tool-calls" params={{ slug }} search={{ since }}>
      {name}
    </Link>
  )
}
