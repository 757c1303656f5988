import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { dispatchesQuery } from '../../api/messages.ts'
import { Select } from '../../parts/choice.tsx'
import { Filters } from '../../parts/filters.tsx'
import { List, More, Quiet, Row } from '../../parts/list.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { Moment } from '../../parts/when.tsx'
import { channels, outcomes } from './search.ts'
import { Part } from './tabs.tsx'
import { Unsettled } from './unsettled.tsx'
import { words } from './words/words.ts'

const route = getRouteApi('/t/$slug/notifications/log')

/** Each attempt to send a message. */
export function Log() {
  return (
    <Part needs="read_admin">
      {({ slug, mayManage }) => (
        <>
          <Unsettled key={`unsettled ${slug}`} slug={slug} mayManage={mayManage} />
          <Listed key={slug} slug={slug} />
        </>
      )}
    </Part>
  )
}

function Listed({ slug }: { slug: string }) {
  const chosen = route.useSearch()
  const navigate = route.useNavigate()
  const dispatches = useInfiniteQuery(dispatchesQuery(slug, chosen))
  const go = (change: { channel?: string | undefined; status?: string | undefined }) =>
    void navigate({ search: (before) => ({ ...before, ...change }) as typeof chosen })
  const listed = dispatches.data?.pages.flatMap((page) => page.dispatches)
  return (
    <>
      <Filters>
        <Select
          label={words.channelLabel}
          value={chosen.channel ?? ''}
          options={[['', words.all], ...channels.map((each) => [each, words.channel[each]] as const)]}
          onValue={(channel) => go({ channel: channel || undefined })}
        />
        <Select
          label={words.outcomeLabel}
          value={chosen.status ?? ''}
          options={[['', words.all], ...outcomes.map((each) => [each, words.outcome[each]] as const)]}
          onValue={(status) => go({ status: status || undefined })}
        />
      </Filters>
      {!listed || isRefused(dispatches) ? (
        <Pending queries={[dispatches]} />
      ) : (
        <>
          {listed.length === 0 && <p>{words.nothingSent}</p>}
          <List label={words.log}>
            {listed.map((each) => (
              <Row
                key={each.ref_id}
                label={each.type}
                main={
                  <>
                    <strong>{each.type}</strong>
                    <Quiet>
                      {[each.channel, ...(each.provider ? [each.provider] : [])].join(' · ')} ·{' '}
                      {words.attempt(each.attempt)} · <Moment at={each.created_at} />
                    </Quiet>
                    {/* A server said it, in its own language. */}
                    {each.error && <span>{each.error}</span>}
                  </>
                }
              >
                <span>{words.outcome[each.status]}</span>
              </Row>
            ))}
          </List>
          <More pages={dispatches} />
        </>
      )}
    </>
  )
}
