import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { endpointQuery, endpointStatsQuery } from '../../api/webhooks.ts'
import { Facts } from '../../parts/facts.tsx'
import { Banner } from '../../parts/notice.tsx'
import { isRefused, Loading, Pending } from '../../parts/states.tsx'
import { Moment, numberOf } from '../../parts/when.tsx'
import { WebhooksScreen } from './frame.tsx'
import { nameOf } from './names.ts'
import { hoursIn, Traffic } from './traffic.tsx'
import { words } from './words/words.ts'

// What is read is there before what is done with it.
const Work = lazy(() => import('./work.tsx'))

const route = getRouteApi('/t/$slug/webhooks/$endpoint')

/** One endpoint: how it does, what is sent to it, and its secret. */
export function EndpointScreen() {
  const { endpoint } = route.useParams()
  return (
    <WebhooksScreen>
      {({ slug, mayManage }) => (
        <EndpointOf key={`${slug} ${endpoint}`} slug={slug} id={endpoint} mayManage={mayManage} />
      )}
    </WebhooksScreen>
  )
}

function EndpointOf({ slug, id, mayManage }: { slug: string; id: string; mayManage: boolean }) {
  const hours = hoursIn(route.useSearch().hours)
  const query = useQuery(endpointQuery(slug, id))
  const { data: stats } = useQuery(endpointStatsQuery(slug, id, hours))
  if (!query.data || isRefused(query)) return <Pending queries={[query]} />
  const endpoint = query.data
  return (
    <>
      <h2>{nameOf(endpoint)}</h2>
      {endpoint.disabled_reason && <Banner>{words.disabledBecause[endpoint.disabled_reason]}</Banner>}
      <Facts
        of={[
          [words.kind, words.kinds[endpoint.kind]],
          [words.url, endpoint.url],
          [words.scheme, words.schemes[endpoint.scheme]],
          [words.lastSuccess, stats?.last_success_at && <Moment at={stats.last_success_at} />],
          [words.lastFailure, stats?.last_failure_at && <Moment at={stats.last_failure_at} />],
          [words.failingSince, stats?.circuit.failing_since && <Moment at={stats.circuit.failing_since} />],
          [words.waiting, stats && numberOf(stats.pending)],
          [words.dead, stats && numberOf(stats.dead)],
          [words.duration, stats?.duration_ms.p95 && words.milliseconds(numberOf(stats.duration_ms.p95))],
          [
            words.oldSecret,
            endpoint.previous_secret_expires_at && <Moment at={endpoint.previous_secret_expires_at} />,
          ],
        ]}
      />
      <p>
        <Link to="/t/$slug/webhooks/deliveries" params={{ slug }} search={{ endpoint: id }}>
          {words.itsDeliveries}
        </Link>
      </p>
      <Traffic slug={slug} hours={hours} endpoint={id} />
      <Suspense fallback={<Loading />}>
        <Work slug={slug} endpoint={endpoint} mayManage={mayManage} />
      </Suspense>
    </>
  )
}
