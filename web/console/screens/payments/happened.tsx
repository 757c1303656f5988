import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type BillingEvent, billingEventsQuery } from '../../api/payments.ts'
import { List, More, Quiet, Row } from '../../parts/list.tsx'
import { moneyOf } from '../../parts/money.ts'
import { isRefused, Pending } from '../../parts/states.tsx'
import { Moment } from '../../parts/when.tsx'
import { words } from './words/words.ts'

/** What happened to payments and subscriptions of this kind, for whoever wants to know. */
export function Happened({ slug, kind }: { slug: string; kind: string }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{words.happened}</summary>
      {isOpen && <Events slug={slug} kind={kind} />}
    </details>
  )
}

function Events({ slug, kind }: { slug: string; kind: string }) {
  const events = useInfiniteQuery(billingEventsQuery(slug))
  if (!events.data || isRefused(events)) return <Pending queries={[events]} />
  const listed = events.data.pages
    .flatMap((page) => page.billing_events)
    .filter(({ payload }) => payload.kind === kind)
  return (
    <>
      {listed.length === 0 && !events.hasNextPage && <p>{words.nothingHappened}</p>}
      <List label={words.happened}>
        {listed.map((event) => (
          <Row
            key={event.ref_id}
            label={nameOf(event)}
            main={
              <>
                <strong>{nameOf(event)}</strong>
                {/* A provider said it, in its own words. */}
                {typeof event.payload.reason === 'string' && <code>{event.payload.reason}</code>}
                <Quiet>
                  <Moment at={event.created_at} />
                  {event.provider_entity_id && ` · ${event.provider_entity_id}`}
                </Quiet>
              </>
            }
          >
            {event.amount_minor !== null && event.currency && (
              <span>{moneyOf(event.amount_minor, event.currency)}</span>
            )}
          </Row>
        ))}
      </List>
      <More pages={events} />
    </>
  )
}

const nameOf = ({ event_type }: BillingEvent) => words.eventTypes[event_type] ?? event_type
