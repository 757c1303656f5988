import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { Schemas } from '../../../lib/client/index.ts'
import { inTenant } from './client.ts'

/** What one is told in this tenant, page by page, the newest first. */
export const notificationsQuery = (slug: string, status?: 'unread') =>
  infiniteQueryOptions({
    queryKey: [slug, 'notifications', { status }],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await inTenant(slug).GET('/notifications', {
        params: { query: { limit: 50, ...(status && { status }), ...(cursor && { cursor }) } },
        signal,
      })
      return data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

/** How many one has not read: a hundred at most. Its key begins with that of the list, so reading counts anew. */
export const unreadQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'notifications', 'unread-count'],
    queryFn: async ({ signal }) => (await inTenant(slug).GET('/notifications/unread-count', { signal })).data,
    refetchOnWindowFocus: ({ state }) => (state.error ? false : 'always'),
  })

export async function markNotification(
  slug: string,
  notification: string,
  body: Schemas['NotificationMark'],
): Promise<void> {
  await inTenant(slug).PATCH('/notifications/{notification}', { params: { path: { notification } }, body })
}

/** All that somebody was shown. What has come since stays unread. */
export async function markAllRead(slug: string, until: string): Promise<void> {
  await inTenant(slug).POST('/notifications/read-all', { body: { until } })
}

export type Preferences = Required<Schemas['NotificationPreferences']>

/** What one has chosen, or a tenant has for those who have not. */
export const preferencesQuery = (slug: string, whose: 'own' | 'default') =>
  queryOptions({
    queryKey: [slug, 'notification-preferences', whose],
    queryFn: async ({ signal }): Promise<Preferences> => {
      const client = inTenant(slug)
      const { data } =
        whose === 'own'
          ? await client.GET('/notifications/preferences', { signal })
          : await client.GET('/notifications/preferences/default', { signal })
      return data
    },
    refetchOnWindowFocus: false,
  })

export async function savePreferences(
  slug: string,
  whose: 'own' | 'default',
  body: Preferences,
): Promise<Preferences> {
  const client = inTenant(slug)
  const { data } =
    whose === 'own'
      ? await client.PUT('/notifications/preferences', { body })
      : await client.PUT('/notifications/preferences/default', { body })
  return data
}

export type PhoneNumber = Schemas['PhoneNumber']
export type NewPhoneNumber = Schemas['NewPhoneNumber']

/** One's own number, and the one that waits for its code. */
export const phoneQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'phone'],
    queryFn: async ({ signal }) => (await inTenant(slug).GET('/notifications/phone', { signal })).data,
    refetchOnWindowFocus: false,
  })

/** Has a code sent to it. */
export async function askForPhone(slug: string, body: NewPhoneNumber): Promise<PhoneNumber> {
  return (await inTenant(slug).POST('/notifications/phone', { body })).data
}

export async function confirmPhone(slug: string, code: string): Promise<PhoneNumber> {
  return (await inTenant(slug).PUT('/notifications/phone/confirmation', { body: { code } })).data
}

export async function removePhone(slug: string): Promise<void> {
  await inTenant(slug).DELETE('/notifications/phone')
}
