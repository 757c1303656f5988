import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { Problem, type Schemas } from '../../../lib/client/index.ts'
import { all } from './all.ts'
import { inTenant } from './client.ts'

export type Endpoint = Schemas['WebhookEndpoint']
export type EndpointWithSecret = Schemas['WebhookEndpointWithSecret']
export type NewEndpoint = Schemas['NewWebhookEndpoint']
export type EndpointChange = Schemas['WebhookEndpointChange']

/** All endpoints, the newest first. A plan has room for a few dozen at most. */
export const endpointsQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'webhooks', 'endpoints'],
    queryFn: ({ signal }) => all(inTenant(slug).list('/webhooks/endpoints', { signal })),
  })

const endpointOf = (endpoint: string) => ({ path: { endpoint } })

export const endpointQuery = (slug: string, endpoint: string) =>
  queryOptions({
    queryKey: [slug, 'webhooks', 'endpoints', endpoint],
    queryFn: async ({ signal }) => {
      const { data } = await inTenant(slug).GET('/webhooks/endpoints/{endpoint}', {
        params: endpointOf(endpoint),
        signal,
      })
      return data
    },
  })

/** Makes an endpoint, once for each key, however often it is sent. */
export async function makeEndpoint(
  slug: string,
  body: NewEndpoint,
  key: string,
): Promise<EndpointWithSecret> {
  const { data } = await inTenant(slug).POST('/webhooks/endpoints', {
    params: { header: { 'idempotency-key': key } },
    body,
  })
  return data
}

export async function changeEndpoint(slug: string, endpoint: string, body: EndpointChange) {
  const { data } = await inTenant(slug).PATCH('/webhooks/endpoints/{endpoint}', {
    params: endpointOf(endpoint),
    body,
  })
  return data
}

export async function deleteEndpoint(slug: string, endpoint: string): Promise<void> {
  await inTenant(slug).DELETE('/webhooks/endpoints/{endpoint}', { params: endpointOf(endpoint) })
}

/** What verifies the messages of an endpoint. That it was read stands in the audit log. */
export async function readSecret(slug: string, endpoint: string): Promise<Schemas['WebhookSigningSecret']> {
  const { data } = await inTenant(slug).GET('/webhooks/endpoints/{endpoint}/secret', {
    params: endpointOf(endpoint),
  })
  return data
}

/** A new secret. For a day, messages are signed with the old one too. */
export async function rotateSecret(slug: string, endpoint: string): Promise<EndpointWithSecret> {
  const { data } = await inTenant(slug).POST('/webhooks/endpoints/{endpoint}/secret/rotate', {
    params: endpointOf(endpoint),
    body: { overlap_seconds: 86_400 },
  })
  return data
}

/** A message, and when this page got it. */
export type PolledMessage = Schemas['PolledWebhookMessage'] & { arrived_at: string }

const mostShown = 100

/**
 * What came to a polled endpoint while its page was open, the newest first. Each asking takes what is new from the queue. The
 * signal is not used: what was taken is kept, also when somebody leaves meanwhile.
 */
export const inboxQuery = (slug: string, endpoint: string) =>
  queryOptions({
    queryKey: [slug, 'webhook-inbox', endpoint],
    queryFn: async ({ client, queryKey }): Promise<PolledMessage[]> => {
      const { data } = await inTenant(slug).POST('/webhooks/endpoints/{endpoint}/poll', {
        params: endpointOf(endpoint),
        body: {},
      })
      const before = client.getQueryData<PolledMessage[]>(queryKey) ?? []
      const { lease_id } = data
      if (lease_id === null) return before
      const arrived_at = new Date().toISOString()
      const messages = data.messages.map((each) => ({ ...each, arrived_at }))
      await inTenant(slug)
        .POST('/webhooks/endpoints/{endpoint}/acknowledge', {
          params: endpointOf(endpoint),
          body: { lease_id, message_ids: messages.map(({ id }) => id) },
        })
        // Then they come again, and take the places of those that are shown.
        .catch(() => null)
      const isNew = ({ id }: PolledMessage) => messages.every((each) => each.id !== id)
      return [...messages.toReversed(), ...before.filter(isNew)].slice(0, mostShown)
    },
    // A refusal stays one. When only the network is away, it may come back.
    refetchInterval: ({ state }) => (state.error instanceof Problem ? false : 2_000),
    staleTime: 0,
  })

/** The types of events are the same for every tenant. */
export const eventTypesQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'webhooks', 'event-types'],
    queryFn: ({ signal }) => all(inTenant(slug).list('/webhooks/event-types', { signal })),
    staleTime: Number.POSITIVE_INFINITY,
  })

export const eventTypeQuery = (slug: string, type: string) =>
  queryOptions({
    queryKey: [slug, 'webhooks', 'event-types', type],
    queryFn: async ({ signal }) => {
      const { data } = await inTenant(slug).GET('/webhooks/event-types/{type}', {
        params: { path: { type } },
        signal,
      })
      return data
    },
    staleTime: Number.POSITIVE_INFINITY,
  })

/** Sends the example of a type to one endpoint. Answers the message's id. */
export async function sendTest(slug: string, endpoint: string, type: string): Promise<string> {
  const { data } = await inTenant(slug).POST('/webhooks/endpoints/{endpoint}/test', {
    params: endpointOf(endpoint),
    body: { event_type: type },
  })
  return data.message_id
}

export interface DeliveryFilters {
  endpoint?: string
  status?: Schemas['WebhookDelivery']['status']
  event_type?: string
  since?: string
  until?: string
}

/** Deliveries page by page, those of the newest messages first. */
export const deliveriesQuery = (slug: string, filters: DeliveryFilters) =>
  infiniteQueryOptions({
    queryKey: [slug, 'webhooks', 'deliveries', filters],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await inTenant(slug).GET('/webhooks/deliveries', {
        params: { query: { ...filters, limit: 50, ...(cursor && { cursor }) } },
        signal,
      })
      return data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

/** One message on its way to one endpoint, or null. It is asked for again while it is under way. */
export const deliveryQuery = (slug: string, message: string, endpoint: string) =>
  queryOptions({
    queryKey: [slug, 'webhooks', 'delivery', message, endpoint],
    queryFn: async ({ signal }) => {
      const { data } = await inTenant(slug).GET('/webhooks/deliveries', {
        params: { query: { message, endpoint, limit: 1 } },
        signal,
      })
      return data.deliveries[0] ?? null
    },
    refetchInterval: ({ state }) => (state.data?.status === 'pending' ? 2_000 : false),
  })

export const messageQuery = (slug: string, message: string) =>
  queryOptions({
    queryKey: [slug, 'webhooks', 'messages', message],
    queryFn: async ({ signal }) => {
      const { data } = await inTenant(slug).GET('/webhooks/messages/{message}', {
        params: { path: { message } },
        signal,
      })
      return data
    },
    staleTime: Number.POSITIVE_INFINITY,
  })

/** Each attempt of a delivery, the newest first. `after` is what has to have changed to ask again. */
export const attemptsQuery = (slug: string, message: string, endpoint: string, after: string) =>
  infiniteQueryOptions({
    queryKey: [slug, 'webhooks', 'attempts', message, endpoint, after],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await inTenant(slug).GET('/webhooks/attempts', {
        params: { query: { message, endpoint, limit: 20, ...(cursor && { cursor }) } },
        signal,
      })
      return data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
    // What was tried before stays while the next attempt is asked for.
    placeholderData: (before) => before,
  })

export async function resend(slug: string, message: string, endpoint: string): Promise<void> {
  await inTenant(slug).POST('/webhooks/messages/{message}/endpoints/{endpoint}/resend', {
    params: { path: { message, endpoint } },
  })
}

export interface ReplayWish {
  since: string
  until?: string
  which: 'failed' | 'missing' | 'all'
}

/** Sends messages again, or says how many that would be. */
export async function replay(slug: string, endpoint: string, wish: ReplayWish, isDryRun: boolean) {
  const { data } = await inTenant(slug).POST('/webhooks/endpoints/{endpoint}/replay', {
    params: endpointOf(endpoint),
    body: { ...wish, ...(isDryRun && { dry_run: true }) },
  })
  return data
}

/** How each endpoint did in the last hours. */
export const statsQuery = (slug: string, hours: number) =>
  queryOptions({
    queryKey: [slug, 'webhooks', 'stats', hours],
    queryFn: ({ signal }) =>
      all(inTenant(slug).list('/webhooks/stats', { params: { query: { window_hours: hours } }, signal })),
  })

export const endpointStatsQuery = (slug: string, endpoint: string, hours: number) =>
  queryOptions({
    queryKey: [slug, 'webhooks', 'stats', hours, endpoint],
    queryFn: async ({ signal }) => {
      const { data } = await inTenant(slug).GET('/webhooks/endpoints/{endpoint}/stats', {
        params: { ...endpointOf(endpoint), query: { window_hours: hours } },
        signal,
      })
      return data
    },
  })

/** How the attempts went over time, of one endpoint or all: by hour for a day, and by day for longer. */
export const seriesQuery = (slug: string, hours: number, endpoint?: string) =>
  queryOptions({
    queryKey: [slug, 'webhooks', 'series', hours, endpoint],
    queryFn: async ({ signal }) => {
      const { data } = await inTenant(slug).GET('/webhooks/stats/series', {
        params: {
          query: { window_hours: hours, step: hours > 24 ? 'day' : 'hour', ...(endpoint && { endpoint }) },
        },
        signal,
      })
      return data
    },
  })
