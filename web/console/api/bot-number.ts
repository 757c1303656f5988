import { queryOptions } from '@tanstack/react-query'
import { Problem, type Schemas } from '../../../lib/client/index.ts'
import { inTenant, patientlyIn } from './client.ts'

export type BotNumber = Schemas['BotNumber']
export type BotNumberSettings = Schemas['BotNumberSettings']
export type NumberProblem = Schemas['BotNumberProblem']

const numberOf = (bot: string) => ({ path: { bot } })

/** The WhatsApp number of a bot, without its secrets. Null if it has none. */
export const botNumberQuery = (slug: string, bot: string) =>
  queryOptions({
    queryKey: [slug, 'bots', bot, 'number'],
    queryFn: async ({ signal }): Promise<BotNumber | null> => {
      try {
        const { data } = await inTenant(slug).GET('/bots/bots/{bot}/number', {
          params: numberOf(bot),
          signal,
        })
        return data
      } catch (error) {
        if (error instanceof Problem && error.code === 'not_found') return null
        throw error
      }
    },
  })

/** Connects a number, or changes it. The verify token is told beside it, and only if it was made now. */
export async function setBotNumber(
  slug: string,
  bot: string,
  body: BotNumberSettings,
): Promise<{ number: BotNumber; token: string | null }> {
  const { data } = await inTenant(slug).PUT('/bots/bots/{bot}/number', { params: numberOf(bot), body })
  const { verify_token: token, ...number } = data
  return { number, token }
}

export async function removeBotNumber(slug: string, bot: string): Promise<void> {
  await inTenant(slug).DELETE('/bots/bots/{bot}/number', { params: numberOf(bot) })
}

/** Asks Meta, which may take its time. What Meta finds wrong is in the answer. */
export async function verifyBotNumber(slug: string, bot: string): Promise<BotNumber> {
  return (await patientlyIn(slug).POST('/bots/bots/{bot}/number/verify', { params: numberOf(bot) })).data
}

export async function revealVerifyToken(slug: string, bot: string): Promise<string> {
  const { data } = await inTenant(slug).POST('/bots/bots/{bot}/number/verify-token/reveal', {
    params: numberOf(bot),
  })
  return data.verify_token
}

export async function rotateVerifyToken(slug: string, bot: string): Promise<string> {
  const { data } = await inTenant(slug).POST('/bots/bots/{bot}/number/verify-token/rotate', {
    params: numberOf(bot),
  })
  return data.verify_token
}
