import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { Schemas } from '../../../lib/client/index.ts'
import { inTenant } from './client.ts'

export type BotTemplate = Schemas['BotTemplate']
export type NewBotTemplate = Schemas['NewBotTemplate']
export type BotTemplateChange = Schemas['BotTemplateChange']

/** The templates of a bot page by page, the newest first. */
export const botTemplatesQuery = (slug: string, bot: string) =>
  infiniteQueryOptions({
    queryKey: [slug, 'bots', bot, 'templates'],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await inTenant(slug).GET('/bots/bots/{bot}/templates', {
        params: { path: { bot }, query: { limit: 50, ...(cursor && { cursor }) } },
        signal,
      })
      return data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

const templateOf = (bot: string, template: string) => ({ path: { bot, template } })

/** One of them, with the version that a change has to name. */
export const botTemplateQuery = (slug: string, bot: string, template: string) =>
  queryOptions({
    queryKey: [slug, 'bots', bot, 'templates', template],
    queryFn: async ({ signal }): Promise<{ template: BotTemplate; etag: string }> => {
      const { data, response } = await inTenant(slug).GET('/bots/bots/{bot}/templates/{template}', {
        params: templateOf(bot, template),
        signal,
      })
      return { template: data, etag: response.headers.get('etag') ?? '' }
    },
    // The editor compares with what it has read. Somebody else's change is told when it is saved.
    refetchOnWindowFocus: false,
  })

export async function createBotTemplate(
  slug: string,
  bot: string,
  body: NewBotTemplate,
): Promise<BotTemplate> {
  return (await inTenant(slug).POST('/bots/bots/{bot}/templates', { params: { path: { bot } }, body })).data
}

/** Throws the problem version_mismatch (412) if `etag` is not the version any more. */
export async function changeBotTemplate(
  slug: string,
  bot: string,
  template: string,
  body: BotTemplateChange,
  etag: string,
): Promise<void> {
  await inTenant(slug).PATCH('/bots/bots/{bot}/templates/{template}', {
    params: { ...templateOf(bot, template), header: { 'if-match': etag } },
    body,
  })
}

export async function deleteBotTemplate(slug: string, bot: string, template: string): Promise<void> {
  await inTenant(slug).DELETE('/bots/bots/{bot}/templates/{template}', { params: templateOf(bot, template) })
}
