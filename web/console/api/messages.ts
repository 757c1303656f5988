import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { Schemas } from '../../../lib/client/index.ts'
import { all } from './all.ts'
import { inTenant } from './client.ts'

export type Template = Schemas['EmailTemplate']
export type Words = Pick<Template, 'name' | 'subject' | 'body_html'> & { body_text: string }

export const templatesQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'templates'],
    queryFn: ({ signal }) => all(inTenant(slug).list('/notifications/templates', { signal })),
  })

const templateOf = (template: string, locale: string) => ({ path: { template, locale } })

export const templateQuery = (slug: string, template: string, locale: string) =>
  queryOptions({
    queryKey: [slug, 'templates', template, locale],
    queryFn: async ({ signal }) => {
      const { data, response } = await inTenant(slug).GET('/notifications/templates/{template}/{locale}', {
        params: templateOf(template, locale),
        signal,
      })
      return { template: data, etag: response.headers.get('etag') ?? '' }
    },
    refetchOnWindowFocus: false,
    staleTime: Number.POSITIVE_INFINITY,
  })

/** Writes words of the tenant's own. What is not about words stays. */
export async function saveTemplate(
  slug: string,
  template: Template,
  words: Words,
  etag: string,
): Promise<void> {
  const { is_active, send_via, variables } = template
  await inTenant(slug).PUT('/notifications/templates/{template}/{locale}', {
    params: { ...templateOf(template.slug, template.locale), header: { 'if-match': etag } },
    body: { ...words, body_text: words.body_text || null, is_active, send_via, variables },
  })
}

export async function removeTemplate(slug: string, template: Template, etag: string): Promise<void> {
  await inTenant(slug).DELETE('/notifications/templates/{template}/{locale}', {
    params: { ...templateOf(template.slug, template.locale), header: { 'if-match': etag } },
  })
}

/** The mail as it would be with these words, which are not saved. */
export async function previewTemplate(
  slug: string,
  { slug: name, locale, variables }: Template,
  { subject, body_html, body_text }: Words,
): Promise<Schemas['EmailPreview']> {
  const { data } = await inTenant(slug).POST('/notifications/templates/{template}/{locale}/preview', {
    params: templateOf(name, locale),
    body: {
      // Each by its own name, so that a person sees where it stands.
      data: Object.fromEntries(variables.map(({ key }) => [key.split('.')[0] ?? key, `[${key}]`])),
      words: { subject, body_html, body_text: body_text || null },
    },
  })
  return data
}

export const templateDiffQuery = (slug: string, template: string, locale: string) =>
  queryOptions({
    queryKey: [slug, 'templates', template, locale, 'diff'],
    queryFn: async ({ signal }) => {
      const { data } = await inTenant(slug).GET('/notifications/templates/{template}/{locale}/diff', {
        params: templateOf(template, locale),
        signal,
      })
      return data.changes
    },
  })

export type Provider = Schemas['NotificationProvider']
export type Channel = Provider['channel']
export type ProviderSettings = Schemas['NotificationProviderSettings']

export const providersQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'providers'],
    queryFn: ({ signal }) => all(inTenant(slug).list('/notifications/providers', { signal })),
  })

export async function saveProvider(slug: string, channel: Channel, body: ProviderSettings): Promise<void> {
  await inTenant(slug).PUT('/notifications/providers/{channel}', { params: { path: { channel } }, body })
}

export async function removeProvider(slug: string, channel: Channel): Promise<void> {
  await inTenant(slug).DELETE('/notifications/providers/{channel}', { params: { path: { channel } } })
}

/** `to` is a number; a test mail goes to whoever asks. */
export async function testProvider(slug: string, channel: Channel, to?: string): Promise<Provider> {
  const { data } = await inTenant(slug).POST('/notifications/providers/{channel}/test', {
    params: { path: { channel } },
    body: to ? { to } : {},
  })
  return data
}

export type Suppression = Schemas['NotificationSuppression']

export const suppressionsQuery = (slug: string) =>
  infiniteQueryOptions({
    queryKey: [slug, 'suppressions'],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await inTenant(slug).GET('/notifications/suppressions', {
        params: { query: { limit: 50, ...(cursor && { cursor }) } },
        signal,
      })
      return data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

export async function liftSuppression(slug: string, suppression: string): Promise<void> {
  await inTenant(slug).DELETE('/notifications/suppressions/{suppression}', {
    params: { path: { suppression } },
  })
}

type Dispatch = Schemas['NotificationDispatch']
export interface DispatchFilters {
  channel?: Dispatch['channel']
  status?: Dispatch['status']
}

/** Each attempt to send something, page by page. None names an address. */
export const dispatchesQuery = (slug: string, filters: DispatchFilters) =>
  infiniteQueryOptions({
    queryKey: [slug, 'dispatches', filters],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await inTenant(slug).GET('/notifications/dispatches', {
        params: { query: { limit: 50, ...filters, ...(cursor && { cursor }) } },
        signal,
      })
      return data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

/** The messages of which nobody knows whether they were sent. */
export const unsettledQuery = (slug: string) =>
  infiniteQueryOptions({
    queryKey: [slug, 'unsettled'],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await inTenant(slug).GET('/notifications/unsettled', {
        params: { query: { limit: 20, ...(cursor && { cursor }) } },
        signal,
      })
      return data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

export async function settleMessage(slug: string, message: string, was_sent: boolean): Promise<void> {
  await inTenant(slug).PUT('/notifications/unsettled/{message}', {
    params: { path: { message } },
    body: { was_sent },
  })
}
