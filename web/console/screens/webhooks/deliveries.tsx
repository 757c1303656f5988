import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { deliveriesQuery, endpointsQuery, eventTypesQuery } from '../../api/webhooks.ts'
import { Select } from '../../parts/choice.tsx'
import { Filters, MomentFilter } from '../../parts/filters.tsx'
import { List, More, Quiet, Row } from '../../parts/list.tsx'
import { momentIn, oneOf } from '../../parts/search.ts'
import { isRefused, Pending } from '../../parts/states.tsx'
import { Moment, numberOf } from '../../parts/when.tsx'
import { WebhooksScreen } from './frame.tsx'
import { nameOf } from './names.ts'
import { words } from './words/words.ts'

const route = getRouteApi('/t/$slug/webhooks/deliveries')
const statuses = ['pending', 'delivered', 'dead'] as const

/** Each message on its way to each endpoint. */
export function Deliveries() {
  return <WebhooksScreen>{({ slug }) => <DeliveriesOf key={slug} slug={slug} />}</WebhooksScreen>
}

function DeliveriesOf({ slug }: { slug: string }) {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const { data: endpoints = [] } = useQuery(endpointsQuery(slug))
  const { data: types = [] } = useQuery(eventTypesQuery(slug))
  const status = oneOf(statuses, search.status)
  const since = momentIn(search.since)
  const until = momentIn(search.until)
  const deliveries = useInfiniteQuery(
    deliveriesQuery(slug, {
      ...(search.endpoint && { endpoint: search.endpoint }),
      ...(search.event_type && { event_type: search.event_type }),
      ...(status && { status }),
      ...(since && { since }),
      ...(until && { until }),
    }),
  )
  const filter = (change: { [Name in keyof typeof search]?: string | undefined }) =>
    void navigate({
      search: (before) => ({ ...before, ...change }) as typeof search,
      replace: true,
      resetScroll: false,
    })
  const named = (id: string) => endpoints.find(({ ref_id }) => ref_id === id)
  return (
    <>
      <Filters>
        <Select
          label={words.endpoint}
          options={[['', words.any], ...endpoints.map((each) => [each.ref_id, nameOf(each)] as const)]}
          value={search.endpoint ?? ''}
          onValue={(endpoint) => filter({ endpoint: endpoint || undefined })}
        />
        <Select
          label={words.statusLabel}
          options={[['', words.any], ...statuses.map((each) => [each, words.deliveryStatus[each]] as const)]}
          value={status ?? ''}
          onValue={(next) => filter({ status: next || undefined })}
        />
        <Select
          label={words.eventType}
          options={[['', words.any], ...types.map(({ type }) => [type, type] as const)]}
          value={search.event_type ?? ''}
          onValue={(type) => filter({ event_type: type || undefined })}
        />
        <MomentFilter label={words.since} value={since} onValue={(next) => filter({ since: next })} />
        <MomentFilter label={words.until} value={until} onValue={(next) => filter({ until: next })} />
      </Filters>
      {!deliveries.data || isRefused(deliveries) ? (
        <Pending queries={[deliveries]} />
      ) : (
        <>
          {deliveries.data.pages[0]?.deliveries.length === 0 && <p>{words.noDeliveries}</p>}
          <List label={words.deliveries}>
            {deliveries.data.pages
              .flatMap((page) => page.deliveries)
              .map(({ message_id: message, endpoint_id: endpoint, ...delivery }) => {
                const to = named(endpoint)
                return (
                  <Row
                    key={`${message} ${endpoint}`}
                    label={message}
                    main={
                      <>
                        <Link
                          to="/t/$slug/webhooks/deliveries/$message/$endpoint"
                          params={{ slug, message, endpoint }}
                        >
                          {delivery.event_type}
                        </Link>
                        <Quiet>
                          <Moment at={delivery.created_at} /> · {to ? nameOf(to) : endpoint}
                        </Quiet>
                      </>
                    }
                  >
                    <span>{words.deliveryStatus[delivery.status]}</span>
                    <Quiet>{words.attemptCount(numberOf(delivery.attempt_count))}</Quiet>
                  </Row>
                )
              })}
          </List>
          <More pages={deliveries} />
        </>
      )}
    </>
  )
}
