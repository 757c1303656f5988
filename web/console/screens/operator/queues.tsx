import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type PlatformProvider, type Queue, queuesQuery } from '../../api/operator.ts'
import { Card } from '../../parts/card.tsx'
import { Facts } from '../../parts/facts.tsx'
import { List, Quiet, Row } from '../../parts/list.tsx'
import { Moment, numberOf } from '../../parts/when.tsx'
import { OperatorScreen } from './frame.tsx'
import { words } from './words/words.ts'

/** What waits to be sent, over all tenants. Asked again every ten seconds. */
export function OperatorQueues() {
  const queues = useQuery(queuesQuery)
  return (
    <OperatorScreen title={words.opQueues} query={queues}>
      {() => (
        <>
          {queues.data && <Providers of={queues.data.providers} />}
          {queues.data?.queues.map((queue) => (
            <QueueCard key={queue.queue} of={queue} />
          ))}
        </>
      )}
    </OperatorScreen>
  )
}

/** Whoever has no provider of their own sends by these. */
function Providers({ of }: { of: PlatformProvider[] }) {
  return (
    <Card title={words.providers}>
      {of.length === 0 && <p>{words.noProviders}</p>}
      <List label={words.providers}>
        {of.map(({ channel, provider, is_used, failing_since_at, last_error }) => (
          <Row
            key={channel}
            label={`${channel}: ${provider}`}
            main={
              <>
                <strong>
                  {channel}: {provider}
                </strong>
                <Quiet>{last_error ?? (is_used ? words.providerWorks : words.providerUnused)}</Quiet>
              </>
            }
          >
            {failing_since_at && (
              <>
                {words.unreachableSince} <Moment at={failing_since_at} />
              </>
            )}
          </Row>
        ))}
      </List>
    </Card>
  )
}

function QueueCard({ of }: { of: Queue }) {
  return (
    <Card title={of.queue}>
      <Facts
        of={[
          [words.waiting, numberOf(of.waiting_count)],
          [words.due, numberOf(of.due_count)],
          [words.underWay, numberOf(of.under_way_count)],
          [words.unexpanded, numberOf(of.unexpanded_count)],
          [words.oldest, of.oldest_due_at && <Moment at={of.oldest_due_at} />],
          [words.failing, numberOf(of.failing_receiver_count)],
          [words.dispatchers, numberOf(of.dispatcher_count)],
          [words.succeeded, numberOf(of.succeeded_count)],
          [words.failures, numberOf(of.failed_count)],
          [words.dead, numberOf(of.dead_count)],
        ]}
      />
      <h3>{words.worst}</h3>
      {of.tenants.length === 0 && <p>{words.nobodyWaits}</p>}
      <List label={`${words.worst}: ${of.queue}`}>
        {of.tenants.map((tenant) => (
          <Row
            key={tenant.ref_id}
            label={tenant.name}
            main={
              <>
                <Link to="/operator/tenants/$tenant" params={{ tenant: tenant.slug }}>
                  <strong>{tenant.name}</strong>
                </Link>
                <Quiet>
                  {words.waiting} {numberOf(tenant.waiting_count)} · {words.due} {numberOf(tenant.due_count)}{' '}
                  · {words.failing} {numberOf(tenant.failing_receiver_count)}
                </Quiet>
              </>
            }
          >
            {tenant.oldest_due_at && <Moment at={tenant.oldest_due_at} />}
          </Row>
        ))}
      </List>
    </Card>
  )
}
