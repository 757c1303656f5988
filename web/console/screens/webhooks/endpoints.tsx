import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import { type Endpoint, endpointsQuery, statsQuery } from '../../api/webhooks.ts'
import { Button } from '../../parts/button.tsx'
import { List, Quiet, Row } from '../../parts/list.tsx'
import { isRefused, Loading, Pending } from '../../parts/states.tsx'
import { numberOf } from '../../parts/when.tsx'
import { WebhooksScreen } from './frame.tsx'
import { nameOf } from './names.ts'
import { hoursIn, Traffic } from './traffic.tsx'
import { words } from './words/words.ts'

// Most who look at the list make none.
const NewEndpoint = lazy(() => import('./new-endpoint.tsx'))

const route = getRouteApi('/t/$slug/webhooks')

/** The endpoints of a tenant, and how they do. */
export function Endpoints() {
  return (
    <WebhooksScreen>
      {({ slug, mayManage }) => <EndpointsOf key={slug} slug={slug} mayManage={mayManage} />}
    </WebhooksScreen>
  )
}

function EndpointsOf({ slug, mayManage }: { slug: string; mayManage: boolean }) {
  const hours = hoursIn(route.useSearch().hours)
  const endpoints = useQuery(endpointsQuery(slug))
  const { data: stats = [] } = useQuery(statsQuery(slug, hours))
  const [isMaking, setMaking] = useState(false)
  // It stays when the first one is there, with the secret that it shows.
  if (endpoints.data?.length === 0 && !isMaking) setMaking(true)
  if (!endpoints.data || isRefused(endpoints)) return <Pending queries={[endpoints]} />
  return (
    <>
      {endpoints.data.length > 0 && <Traffic slug={slug} hours={hours} />}
      {endpoints.data.length === 0 && <p>{words.noEndpoints}</p>}
      <List label={words.endpoints}>
        {endpoints.data.map((endpoint) => {
          const found = stats.find(({ endpoint_id }) => endpoint_id === endpoint.ref_id)
          return (
            <Row
              key={endpoint.ref_id}
              label={nameOf(endpoint)}
              main={
                <>
                  <strong>
                    <Link to="/t/$slug/webhooks/$endpoint" params={{ slug, endpoint: endpoint.ref_id }}>
                      {nameOf(endpoint)}
                    </Link>
                  </strong>
                  {endpoint.description && endpoint.url && <span>{endpoint.url}</span>}
                  <Quiet>
                    {endpoint.event_types === null
                      ? words.allTypes
                      : words.someTypes(numberOf(endpoint.event_types.length))}
                    {found &&
                      ` · ${words.counts(
                        numberOf(found.attempts.succeeded),
                        numberOf(found.attempts.failed),
                        numberOf(found.pending),
                        numberOf(found.dead),
                      )}`}
                  </Quiet>
                </>
              }
            >
              <span>{stateOf(endpoint, found?.circuit.failing_since)}</span>
            </Row>
          )
        })}
      </List>
      {mayManage && isMaking && (
        <Suspense fallback={<Loading />}>
          <NewEndpoint slug={slug} />
        </Suspense>
      )}
      {mayManage && !isMaking && <Button onClick={() => setMaking(true)}>{words.newEndpoint}</Button>}
    </>
  )
}

function stateOf({ disabled, disabled_reason: reason }: Endpoint, failingSince: string | null | undefined) {
  if (disabled) return (reason && words.disabledBecause[reason]) ?? words.disabled
  return failingSince ? words.failing : words.receives
}
