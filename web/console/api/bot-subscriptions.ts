import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { Problem, type Schemas } from '../../../lib/client/index.ts'
import { inTenant } from './client.ts'

export type NewBotPlan = Schemas['NewBotPlan']
export type MpesaAccount = Schemas['BotMpesaAccount']
export type MpesaSettings = Schemas['BotMpesaSettings']

const of = (bot: string) => ({ path: { bot } })

/** What the contacts of a bot can subscribe to, page by page, the newest first. */
export const botPlansQuery = (slug: string, bot: string) =>
  infiniteQueryOptions({
    queryKey: [slug, 'bots', bot, 'plans'],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await inTenant(slug).GET('/bots/bots/{bot}/plans', {
        params: { ...of(bot), query: { limit: 50, ...(cursor && { cursor }) } },
        signal,
      })
      return data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

/** What they subscribed to, page by page, the newest first. */
export const botSubscriptionsQuery = (slug: string, bot: string, contact?: string) =>
  infiniteQueryOptions({
    queryKey: [slug, 'bots', bot, 'subscriptions', contact ?? ''],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await inTenant(slug).GET('/bots/bots/{bot}/subscriptions', {
        params: { ...of(bot), query: { limit: 50, ...(contact && { contact }), ...(cursor && { cursor }) } },
        signal,
      })
      return data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

export async function createBotPlan(slug: string, bot: string, body: NewBotPlan): Promise<void> {
  await inTenant(slug).POST('/bots/bots/{bot}/plans', { params: of(bot), body })
}

/** Offers a plan, or offers it no more. Who has it keeps it. */
export async function offerBotPlan(
  slug: string,
  bot: string,
  plan: string,
  is_active: boolean,
): Promise<void> {
  await inTenant(slug).PATCH('/bots/bots/{bot}/plans/{plan}', {
    params: { path: { bot, plan } },
    body: { is_active },
  })
}

/** Where contacts pay to, without the secrets. Null if there is no account. */
export const mpesaQuery = (slug: string, bot: string) =>
  queryOptions({
    queryKey: [slug, 'bots', bot, 'mpesa'],
    queryFn: async ({ signal }): Promise<MpesaAccount | null> => {
      try {
        return (await inTenant(slug).GET('/bots/bots/{bot}/mpesa', { params: of(bot), signal })).data
      } catch (error) {
        if (error instanceof Problem && error.code === 'not_found') return null
        throw error
      }
    },
  })

export async function setMpesa(slug: string, bot: string, body: MpesaSettings): Promise<MpesaAccount> {
  return (await inTenant(slug).PUT('/bots/bots/{bot}/mpesa', { params: of(bot), body })).data
}
