import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { Problem, type Schemas } from '../../../lib/client/index.ts'
import { inTenant } from './client.ts'

export type Conversation = Schemas['Conversation']
export type BotMessage = Schemas['BotMessage']

export interface ConversationFilters {
  state?: 'escalated' | 'taken_over'
  contact?: string
}

// Contacts write when they like. Nothing is asked for while nobody looks at the page.
const listMilliseconds = 15_000
const openMilliseconds = 5_000

/**
 * A refusal stays one, such as that of a contact who was forgotten. Whoever looks far back asks for all those pages each time, and
 * so less often.
 */
const pause = (milliseconds: number, error: unknown, pageCount = 1) =>
  error instanceof Problem ? false : milliseconds * pageCount

/** The conversations of a bot page by page, the one with the latest message first. */
export const conversationsQuery = (slug: string, bot: string, filters: ConversationFilters) =>
  infiniteQueryOptions({
    queryKey: [slug, 'bots', bot, 'conversations', filters],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await inTenant(slug).GET('/bots/bots/{bot}/conversations', {
        params: { path: { bot }, query: { limit: 50, ...filters, ...(cursor && { cursor }) } },
        signal,
      })
      return data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: ({ state }) => pause(listMilliseconds, state.error, state.data?.pages.length),
  })

const conversationOf = (bot: string, contact: string) => ({ path: { bot, contact } })

/** Who answers a contact now. */
export const conversationQuery = (slug: string, bot: string, contact: string) =>
  queryOptions({
    queryKey: [slug, 'bots', bot, 'conversations', contact],
    queryFn: async ({ signal }) => {
      const { data } = await inTenant(slug).GET('/bots/bots/{bot}/conversations/{contact}', {
        params: conversationOf(bot, contact),
        signal,
      })
      return data
    },
    refetchInterval: ({ state }) => pause(openMilliseconds, state.error),
  })

/** What was said, page by page, the newest first. */
export const messagesQuery = (slug: string, bot: string, contact: string) =>
  infiniteQueryOptions({
    queryKey: [slug, 'bots', bot, 'conversations', contact, 'messages'],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await inTenant(slug).GET('/bots/bots/{bot}/conversations/{contact}/messages', {
        params: { ...conversationOf(bot, contact), query: { limit: 50, ...(cursor && { cursor }) } },
        signal,
      })
      return data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: ({ state }) => pause(openMilliseconds, state.error, state.data?.pages.length),
  })

export async function takeOver(slug: string, bot: string, contact: string): Promise<Conversation> {
  const { data } = await inTenant(slug).POST('/bots/bots/{bot}/conversations/{contact}/take-over', {
    params: conversationOf(bot, contact),
  })
  return data
}

export async function handBack(slug: string, bot: string, contact: string): Promise<Conversation> {
  const { data } = await inTenant(slug).POST('/bots/bots/{bot}/conversations/{contact}/hand-back', {
    params: conversationOf(bot, contact),
  })
  return data
}

/** Sends a text, and takes the conversation over. Throws the problems contact_opted_out and window_closed (409). */
export async function writeToContact(
  slug: string,
  bot: string,
  contact: string,
  text: string,
): Promise<BotMessage> {
  const { data } = await inTenant(slug).POST('/bots/bots/{bot}/conversations/{contact}/messages', {
    params: conversationOf(bot, contact),
    body: { text },
  })
  return data
}

export async function forgetContact(slug: string, bot: string, contact: string): Promise<void> {
  await inTenant(slug).DELETE('/bots/bots/{bot}/conversations/{contact}', {
    params: conversationOf(bot, contact),
  })
}
