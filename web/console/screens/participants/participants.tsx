import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { campaignQuery, campaignsQuery, pipelineQuery } from '../../api/campaigns.ts'
import { completionsQuery, participantsFile, participantsQuery } from '../../api/participants.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons } from '../../parts/card.tsx'
import { Chart } from '../../parts/chart.tsx'
import { Select } from '../../parts/choice.tsx'
import { saveFile } from '../../parts/download.ts'
import { Figures } from '../../parts/figures.tsx'
import { Filters, TextFilter } from '../../parts/filters.tsx'
import { List, More, Quiet, Row } from '../../parts/list.tsx'
import { Failure } from '../../parts/notice.tsx'
import { Screen } from '../../parts/screen.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { dayOf, numberOf } from '../../parts/when.tsx'
import { clientStatuses, filtersOf } from './search.ts'
import { words } from './words/words.ts'

const route = getRouteApi('/t/$slug/participants')

/** The pipeline: everybody who takes an assessment, or was invited to. */
export function Participants() {
  return (
    <Screen title={words.rooms.participants} lead={words.participantsLead}>
      {({ slug }) => (
        <>
          <Narrowed slug={slug} />
          <Listed slug={slug} />
        </>
      )}
    </Screen>
  )
}

function Narrowed({ slug }: { slug: string }) {
  const chosen = route.useSearch()
  const navigate = route.useNavigate()
  const { data: pipeline } = useQuery(pipelineQuery(slug, chosen.campaign))
  const { data: campaigns } = useInfiniteQuery(campaignsQuery(slug))
  const listed = campaigns?.pages.flatMap((page) => page.campaigns) ?? []
  const isListed = !chosen.campaign || listed.some(({ ref_id }) => ref_id === chosen.campaign)
  // One of long ago, to which an address leads.
  const { data: other } = useQuery({
    ...campaignQuery(slug, chosen.campaign ?? ''),
    enabled: campaigns !== undefined && !isListed,
  })
  const go = (change: Partial<Record<keyof typeof chosen, string | undefined>>) =>
    void navigate({
      search: (before) => ({ ...before, ...change }) as typeof chosen,
    })

  return (
    <>
      {pipeline && (
        <Figures
          of={clientStatuses.map((status) => [
            <Link key={status} to="." search={(before) => ({ ...before, status })}>
              {words.clientStatus[status]}
            </Link>,
            numberOf(pipeline.statuses[status]),
          ])}
        />
      )}
      <Completions slug={slug} />
      <Filters>
        <Select
          label={words.statusLabel}
          value={chosen.status ?? ''}
          options={[
            ['', words.any],
            ...clientStatuses.map((status) => [status, words.clientStatus[status]] as const),
          ]}
          onValue={(status) => go({ status: status || undefined })}
        />
        <Select
          label={words.campaignLabel}
          value={chosen.campaign ?? ''}
          options={[
            ['', words.any],
            ...listed.map(({ ref_id, name }) => [ref_id, name] as const),
            ...(isListed ? [] : [[chosen.campaign ?? '', other?.name ?? chosen.campaign ?? ''] as const]),
          ]}
          onValue={(campaign) => go({ campaign: campaign || undefined })}
        />
        <TextFilter label={words.search} value={chosen.search} onValue={(search) => go({ search })} />
      </Filters>
    </>
  )
}

const isoDay = (at: Date, timeZone: string) =>
  new Intl.DateTimeFormat('en-CA', { dateStyle: 'short', timeZone }).format(at)
const dayName = new Intl.DateTimeFormat(words.language, { dateStyle: 'medium', timeZone: 'UTC' })

/** How many completed on each of the last thirty days. Nothing is drawn where nobody did. */
function Completions({ slug }: { slug: string }) {
  const { campaign } = route.useSearch()
  const { data } = useQuery(completionsQuery(slug, campaign))
  if (!data || data.days.length === 0) return null
  const today = Date.parse(isoDay(new Date(), data.time_zone))
  const counts = new Map<string, number>()
  for (let back = 30; back >= 0; back--)
    counts.set(new Date(today - back * 86_400_000).toISOString().slice(0, 10), 0)
  for (const { day, count } of data.days) counts.set(day, (counts.get(day) ?? 0) + count)
  const sum = data.days.reduce((all, { count }) => all + count, 0)
  return (
    <Chart
      title={words.completedByDay}
      summary={words.completedInAll(numberOf(sum))}
      series={[words.clientStatus.completed]}
      points={[...counts].map(([day, count]) => ({
        at: day,
        name: dayName.format(new Date(day)),
        values: [count],
      }))}
      nameOfPoints={words.day}
    />
  )
}

function Listed({ slug }: { slug: string }) {
  const filters = filtersOf(route.useSearch())
  const participants = useInfiniteQuery(participantsQuery(slug, filters))
  const exporting = useMutation({
    mutationFn: () => participantsFile(slug, filters),
    onSuccess: (file) => saveFile(`participants-${slug}.csv`, file),
  })
  if (!participants.data || isRefused(participants)) return <Pending queries={[participants]} />
  const listed = participants.data.pages.flatMap((page) => page.participants)
  if (listed.length === 0) return <p>{words.nobody}</p>
  return (
    <>
      {exporting.error && <Failure error={exporting.error} />}
      <Buttons>
        <Button look="quiet" disabled={exporting.isPending} onClick={() => exporting.mutate()}>
          {exporting.isPending ? words.working : words.csv}
        </Button>
      </Buttons>
      <List label={words.rooms.participants}>
        {listed.map((each) => (
          <Row
            key={each.ref_id}
            label={nameOf(each)}
            main={
              <>
                <Link to="/t/$slug/participants/$participant" params={{ slug, participant: each.ref_id }}>
                  {nameOf(each)}
                </Link>
                {each.full_name && each.email && <span>{each.email}</span>}
                <Quiet>
                  {[...(each.campaign ? [each.campaign.name] : []), dayOf(each.created_at)].join(' · ')}
                </Quiet>
              </>
            }
          >
            <span>{words.clientStatus[each.client_status]}</span>
          </Row>
        ))}
      </List>
      <More pages={participants} />
    </>
  )
}

export const nameOf = ({ full_name, email }: { full_name: string | null; email: string | null }) =>
  full_name ?? email ?? words.anonymous
