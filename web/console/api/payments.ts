import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { Schemas } from '../../../lib/client/index.ts'
import { all } from './all.ts'
import { inTenant, platform } from './client.ts'

export type Order = Schemas['PaymentOrder']
export type Provider = Schemas['PaymentProvider']
export type Subscription = Schemas['Subscription']
export type BillingEvent = Schemas['BillingEvent']

/** What can be ordered, and at which providers. The same for every tenant. */
export const offersQuery = queryOptions({
  queryKey: ['offers'],
  queryFn: async ({ signal }) => (await platform.GET('/usage/payments/offers', { signal })).data,
})

/** A provider says when it was paid, so somebody who waits for that asks again. */
const waitMs = 4_000
const isOpen = ({ status, created_at }: Order) =>
  status === 'created' && Date.now() - Date.parse(created_at) < 3_600_000

/** The orders page by page, the newest first. */
export const ordersQuery = (slug: string) =>
  infiniteQueryOptions({
    queryKey: [slug, 'orders'],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await inTenant(slug).GET('/usage/payments/orders', {
        params: { query: { limit: 20, ...(cursor && { cursor }) } },
        signal,
      })
      return data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: ({ state }) =>
      state.data?.pages.some(({ orders }) => orders.some(isOpen)) ? waitMs : false,
  })

/** Orders something, once for each key, however often it is sent. */
export async function makeOrder(slug: string, body: Schemas['NewOrder'], key: string): Promise<Order> {
  const { data } = await inTenant(slug).POST('/usage/payments/orders', {
    params: { header: { 'idempotency-key': key } },
    body,
  })
  return data
}

/** The subscriptions, the newest first. A tenant has had a few. */
export const subscriptionsQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'subscriptions'],
    queryFn: ({ signal }) => all(inTenant(slug).list('/usage/subscriptions', { signal })),
  })

/** Ends it with the month that is paid. A second time changes nothing. */
export async function cancelSubscription(slug: string, subscription: string): Promise<void> {
  await inTenant(slug).POST('/usage/subscriptions/{subscription}/cancellation', {
    params: { path: { subscription } },
  })
}

/** What happened to payments and subscriptions, page by page, the newest first. */
export const billingEventsQuery = (slug: string) =>
  infiniteQueryOptions({
    queryKey: [slug, 'billing-events'],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await inTenant(slug).GET('/usage/billing-events', {
        params: { query: { limit: 50, ...(cursor && { cursor }) } },
        signal,
      })
      return data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })
