import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { type Order, ordersQuery } from '../../api/payments.ts'
import { List, More, Quiet, Row } from '../../parts/list.tsx'
import { moneyOf } from '../../parts/money.ts'
import { isRefused, Pending } from '../../parts/states.tsx'
import { Moment } from '../../parts/when.tsx'
import { Pay } from './buy.tsx'
import { Happened } from './happened.tsx'
import { words } from './words/words.ts'

/** What was ordered, and what became of it. */
export function Orders({
  slug,
  kind,
  nameOf,
}: {
  slug: string
  kind: string
  nameOf: (order: Order) => string
}) {
  const orders = useInfiniteQuery(ordersQuery(slug))
  const queries = useQueryClient()
  const listed =
    orders.data?.pages.flatMap((page) => page.orders).filter((order) => order.kind === kind) ?? []
  const paid = listed.filter(({ status }) => status === 'paid').length
  const seen = useRef<number | null>(null)
  useEffect(() => {
    if (!orders.data) return
    // What was paid changes the plan, the credits, and what one may do.
    if (seen.current !== null && paid > seen.current) void queries.invalidateQueries({ queryKey: [slug] })
    seen.current = paid
  }, [orders.data, paid, queries, slug])

  if (!orders.data || isRefused(orders)) return <Pending queries={[orders]} />
  if (listed.length === 0) return <More pages={orders} />
  return (
    <>
      <h3>{words.orders}</h3>
      <List label={words.orders}>
        {listed.map((order) => (
          <Row
            key={order.ref_id}
            label={nameOf(order)}
            main={
              <>
                <strong>{nameOf(order)}</strong>
                <Quiet>
                  {moneyOf(order.amount_minor, order.currency)} · <Moment at={order.created_at} />
                </Quiet>
              </>
            }
          >
            <span>{words.orderStatus[order.status]}</span>
            {order.status === 'created' && <Pay order={order} />}
          </Row>
        ))}
      </List>
      <More pages={orders} />
      <Happened slug={slug} kind={kind} />
    </>
  )
}
