import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { attemptsQuery, deliveryQuery, endpointQuery, messageQuery, resend } from '../../api/webhooks.ts'
import { Button } from '../../parts/button.tsx'
import { Code } from '../../parts/code.tsx'
import { Facts } from '../../parts/facts.tsx'
import { List, More, Quiet, Row } from '../../parts/list.tsx'
import { Failure } from '../../parts/notice.tsx'
import { isRefused, NotFound, Pending } from '../../parts/states.tsx'
import { Moment, numberOf } from '../../parts/when.tsx'
import { WebhooksScreen } from './frame.tsx'
import { nameOf } from './names.ts'
import { readable } from './readable.ts'
import { words } from './words/words.ts'

const route = getRouteApi('/t/$slug/webhooks/deliveries/$message/$endpoint')

/** One message on its way to one endpoint, and what came back each time. */
export function DeliveryScreen() {
  const { message, endpoint } = route.useParams()
  return (
    <WebhooksScreen>
      {({ slug, mayManage }) => (
        <DeliveryOf key={`${slug} ${message} ${endpoint}`} {...{ slug, message, endpoint, mayManage }} />
      )}
    </WebhooksScreen>
  )
}

interface Props {
  slug: string
  message: string
  endpoint: string
  mayManage: boolean
}

function DeliveryOf({ slug, message, endpoint, mayManage }: Props) {
  const queries = useQueryClient()
  const delivery = useQuery(deliveryQuery(slug, message, endpoint))
  const { data: to } = useQuery(endpointQuery(slug, endpoint))
  const sent = useQuery(messageQuery(slug, message))
  const resending = useMutation({
    mutationFn: () => resend(slug, message, endpoint),
    onSuccess: () => queries.invalidateQueries({ queryKey: [slug, 'webhooks'] }),
  })
  if (delivery.data === undefined || !sent.data || isRefused(delivery, sent))
    return <Pending queries={[delivery, sent]} />
  if (delivery.data === null) return <NotFound />
  const { event_type, status, attempt_count, next_attempt_at, created_at, ordering_key, is_in_flight } =
    delivery.data
  return (
    <>
      <h2>{event_type}</h2>
      <Facts
        of={[
          [words.statusLabel, words.deliveryStatus[status]],
          [words.made, <Moment key="made" at={created_at} />],
          [
            words.endpoint,
            <Link key="to" to="/t/$slug/webhooks/$endpoint" params={{ slug, endpoint }}>
              {to ? nameOf(to) : endpoint}
            </Link>,
          ],
          ['webhook-id', <code key="id">{message}</code>],
          [words.attempts, numberOf(attempt_count)],
          [
            words.nextAttempt,
            status === 'pending' &&
              (is_in_flight ? (
                words.inFlight
              ) : next_attempt_at ? (
                <Moment at={next_attempt_at} />
              ) : (
                words.waitsForEarlier
              )),
          ],
          [words.orderingKey, ordering_key],
        ]}
      />
      {mayManage && to && !to.disabled && (
        <Button disabled={resending.isPending} onClick={() => resending.mutate()}>
          {words.sendItAgain}
        </Button>
      )}
      {resending.error && <Failure error={resending.error} />}
      <p role="status">{resending.isSuccess && words.onItsWay}</p>
      <h2>{words.whatWasSent}</h2>
      <Code>{readable(sent.data.payload)}</Code>
      <h2>{words.attempts}</h2>
      <Attempts slug={slug} message={message} endpoint={endpoint} after={`${status} ${attempt_count}`} />
    </>
  )
}

function Attempts({ slug, message, endpoint, after }: Omit<Props, 'mayManage'> & { after: string }) {
  const attempts = useInfiniteQuery(attemptsQuery(slug, message, endpoint, after))
  if (!attempts.data || isRefused(attempts)) return <Pending queries={[attempts]} />
  return (
    <>
      {attempts.data.pages[0]?.attempts.length === 0 && <p>{words.noAttempts}</p>}
      <List label={words.attempts}>
        {attempts.data.pages
          .flatMap((page) => page.attempts)
          .map((attempt) => (
            <Row
              key={attempt.ref_id}
              label={words.attemptNumber(numberOf(attempt.attempt_number))}
              main={
                <>
                  <strong>
                    {words.attemptNumber(numberOf(attempt.attempt_number))}: {words.outcome[attempt.outcome]}
                  </strong>
                  {/* The server speaks English. */}
                  {attempt.error_detail && <span lang="en">{attempt.error_detail}</span>}
                  <Quiet>
                    <Moment at={attempt.created_at} /> · {words.milliseconds(numberOf(attempt.duration_ms))}
                  </Quiet>
                  {attempt.response_body && (
                    <details>
                      <summary>{words.answer}</summary>
                      <Code>{attempt.response_body}</Code>
                    </details>
                  )}
                </>
              }
            >
              <span>{attempt.response_status ?? words.noAnswer}</span>
            </Row>
          ))}
      </List>
      <More pages={attempts} />
    </>
  )
}
