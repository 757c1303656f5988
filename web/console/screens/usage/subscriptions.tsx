import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import {
  billingEventsQuery,
  cancelSubscription,
  type Order,
  offersQuery,
  type Subscription,
  subscriptionsQuery,
} from '../../api/payments.ts'
import { Button } from '../../parts/button.tsx'
import { Card } from '../../parts/card.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { List, Quiet, Row } from '../../parts/list.tsx'
import { moneyOf } from '../../parts/money.ts'
import { Failure } from '../../parts/notice.tsx'
import type { Tenant } from '../../parts/screen.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { dayOf } from '../../parts/when.tsx'
import { Buy } from '../payments/buy.tsx'
import { Orders } from '../payments/orders.tsx'
import { words } from './words/words.ts'

/** Choosing a plan, and what is paid each month. */
export function Subscriptions({ slug, tenant }: { slug: string; tenant: Tenant }) {
  const subscriptions = useQuery(subscriptionsQuery(slug))
  const offers = useQuery(offersQuery)
  const queries = useQueryClient()
  const [ending, setEnding] = useState<Subscription | null>(null)
  const cancelling = useMutation({
    mutationFn: (subscription: Subscription) => cancelSubscription(slug, subscription.ref_id),
    onSettled: async () => {
      setEnding(null)
      await queries.invalidateQueries({ queryKey: billingEventsQuery(slug).queryKey })
      await queries.invalidateQueries({ queryKey: subscriptionsQuery(slug).queryKey })
    },
  })
  if (!subscriptions.data || !offers.data || isRefused(subscriptions, offers))
    return <Pending queries={[subscriptions, offers]} />
  const nameOf = (plan: string) => words.plans[plan] ?? plan
  const shown = subscriptions.data.filter(({ replaced_at }) => replaced_at === null)
  const paying = shown.find(({ status }) => status === 'active' || status === 'past_due')
  return (
    <Card title={words.subscription}>
      {tenant.kind !== 'customer' ? (
        <p>{words.notBilled}</p>
      ) : (
        <>
          {cancelling.error && <Failure error={cancelling.error} />}
          {shown.length === 0 && <p>{words.noSubscription}</p>}
          <List>
            {shown.map((subscription) => (
              <Row
                key={subscription.ref_id}
                label={nameOf(subscription.plan)}
                main={
                  <>
                    <strong>{nameOf(subscription.plan)}</strong>
                    <span>{words.subscriptionStatus[subscription.status]}</span>
                    <Quiet>
                      {subscription.paid_until_at && words.paidUntil(dayOf(subscription.paid_until_at))}{' '}
                      {subscription.cancel_requested_at &&
                        subscription.status !== 'cancelled' &&
                        words.cancelUnderWay}{' '}
                      {subscription.freezes_at && words.freezesUnlessPaid(dayOf(subscription.freezes_at))}
                    </Quiet>
                  </>
                }
              >
                {subscription.status !== 'cancelled' && !subscription.cancel_requested_at && (
                  <Button look="quiet" onClick={() => setEnding(subscription)}>
                    {words.cancelSubscription}
                  </Button>
                )}
              </Row>
            ))}
          </List>
          <h3>{words.choosePlan}</h3>
          <Buy
            slug={slug}
            label={words.choosePlan}
            providers={offers.data.providers}
            lead={words.orderLead}
            offers={offers.data.plans.map(({ plan, price_minor, currency }) => ({
              wanted: { plan },
              name: nameOf(plan),
              price: words.perMonth(moneyOf(price_minor, currency)),
              isCurrent: plan === paying?.plan && !paying.cancel_requested_at,
            }))}
          />
          <Orders slug={slug} kind="subscription" nameOf={(order) => nameOf(planOf(order))} />
        </>
      )}
      <Confirm
        title={words.cancelTitle(nameOf(ending?.plan ?? ''))}
        lead={words.cancelLead}
        act={words.cancelSubscription}
        isOpen={ending !== null}
        isPending={cancelling.isPending}
        onAct={() => ending && cancelling.mutate(ending)}
        onClose={() => setEnding(null)}
      />
    </Card>
  )
}

const planOf = ({ bought }: Order) => String(bought.plan ?? '')
