import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { Schemas } from '../../../lib/client/index.ts'
import { inTenant, patientlyIn } from './client.ts'

export type Bot = Schemas['Bot']
export type NewBot = Schemas['NewBot']
export type BotChange = Schemas['BotChange']
export type BotSettings = Schemas['BotSettings']
export type BotSettingsChange = Schemas['BotSettingsChange']
export type BotModelSettings = Schemas['BotModelSettings']
export type BotAnswer = Schemas['BotAnswer']

/** The bots page by page, the newest first. */
export const botsQuery = (slug: string) =>
  infiniteQueryOptions({
    queryKey: [slug, 'bots'],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await inTenant(slug).GET('/bots/bots', {
        params: { query: { limit: 50, ...(cursor && { cursor }) } },
        signal,
      })
      return data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

const botOf = (bot: string) => ({ path: { bot } })

export const botQuery = (slug: string, bot: string) =>
  queryOptions({
    queryKey: [slug, 'bots', bot],
    queryFn: async ({ signal }) =>
      (await inTenant(slug).GET('/bots/bots/{bot}', { params: botOf(bot), signal })).data,
  })

export async function createBot(slug: string, body: NewBot): Promise<Bot> {
  return (await inTenant(slug).POST('/bots/bots', { body })).data
}

export async function changeBot(slug: string, bot: string, body: BotChange): Promise<Bot> {
  return (await inTenant(slug).PATCH('/bots/bots/{bot}', { params: botOf(bot), body })).data
}

export async function deleteBot(slug: string, bot: string): Promise<void> {
  await inTenant(slug).DELETE('/bots/bots/{bot}', { params: botOf(bot) })
}

/** What a bot may do. */
export const botSettingsQuery = (slug: string, bot: string) =>
  queryOptions({
    queryKey: [slug, 'bots', bot, 'settings'],
    queryFn: async ({ signal }) =>
      (await inTenant(slug).GET('/bots/bots/{bot}/settings', { params: botOf(bot), signal })).data,
  })

export async function changeBotSettings(
  slug: string,
  bot: string,
  body: BotSettingsChange,
): Promise<BotSettings> {
  return (await inTenant(slug).PATCH('/bots/bots/{bot}/settings', { params: botOf(bot), body })).data
}

/** The key is sent once and never comes back. */
export async function setBotModel(slug: string, bot: string, body: BotModelSettings): Promise<Bot> {
  return (await inTenant(slug).PUT('/bots/bots/{bot}/model', { params: botOf(bot), body })).data
}

export async function removeBotModel(slug: string, bot: string): Promise<void> {
  await inTenant(slug).DELETE('/bots/bots/{bot}/model', { params: botOf(bot) })
}

/** What a bot would answer, and why. Nothing is sent to a customer; a model that writes is paid for. */
export async function tryBot(slug: string, bot: string, body: Schemas['BotTrial']): Promise<BotAnswer> {
  return (await patientlyIn(slug).POST('/bots/bots/{bot}/try', { params: botOf(bot), body })).data
}
