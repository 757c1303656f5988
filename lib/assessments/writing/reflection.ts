import { z } from 'zod'
import { type Db, Problem, sql } from '../../db/index.ts'
import { log } from '../../runtime/index.ts'
import { askModel, findModel } from '../../usage/index.ts'
import type { OpenOffer } from '../taking/offers.ts'
import { readResult } from '../taking/results.ts'
import type { TakenResult } from '../taking/schema.ts'
import { openSession, type Participant, serviceOf, tokenHashOf } from '../taking/sessions.ts'
import { dataOnly, tagged, voiceOf } from './prompts.ts'

export const ReflectionAnswer = z
  .strictObject({
    reflection: z.strictObject({
      status: z.enum(['written', 'writing', 'off']).meta({
        description: 'writing: somebody has asked already. Ask again in some seconds.',
      }),
      text: z.string().nullable(),
      reason: z.enum(['not_offered', 'unavailable']).nullable().meta({
        description:
          'Why it is off: the tenant has none for this result, or there is none now. null: it is not.',
      }),
    }),
  })
  .meta({ id: 'ReflectionAnswer', description: 'What a language model has written about a result.' })
export type Reflection = z.infer<typeof ReflectionAnswer>['reflection']

interface Begun {
  tenant: string
  session: string
  state: 'begun' | 'written' | 'writing' | 'not_offered' | 'unavailable'
  words: string | null
  attempt: number
}

const maxLetters = 8_000

/**
 * What a model writes about the result of a token's session. It is written and paid once, however often and by how many it is
 * asked for. Whoever asks hears that it is off and nothing of what the tenant may pay. 404 session_not_found, 409
 * session_not_completed.
 */
export async function readReflection(participant: Participant): Promise<Reflection> {
  const { session, offer } = await openSession(participant)
  if (session.completed_at === null)
    throw new Problem('session_not_completed', 'This session is not completed. Finish it first.')
  if (!offer?.config.providers.reflection.is_enabled) return off('not_offered')
  const service = serviceOf(participant)
  const begun = await service.one<Begun>(sql`
    select b.tenant, b.session, b.state, b.words, b.attempt from private.begin_reflection(${tokenHashOf(participant)}) as b`)
  if (begun.state === 'begun') return write(service, begun, offer, await readResult(participant))
  if (begun.state === 'written') return { status: 'written', text: begun.words, reason: null }
  return begun.state === 'writing' ? { status: 'writing', text: null, reason: null } : off(begun.state)
}

async function write(service: Db, begun: Begun, offer: OpenOffer, result: TakenResult): Promise<Reflection> {
  const end = (text: string | null, model: string | null, isAsked: boolean) =>
    service.query(sql`
      select private.end_reflection(${begun.tenant}, ${begun.session}, ${begun.attempt}, ${text}, ${model}, ${isAsked})`)
  try {
    const answer = await askModel(service, begun.tenant, await findModel(service, begun.tenant), {
      agent: 'reflection',
      system: systemFor(offer),
      turns: [{ role: 'user', content: wordsFor(offer, result) }],
      max_output_tokens: offer.config.providers.reflection.max_tokens ?? 600,
      idempotency_key: `reflection ${crypto.randomUUID()}`,
      timeoutMs: 40_000,
    })
    const text = answer.isRefused ? '' : tidied(answer.text)
    await end(text || null, answer.model, true)
    return text ? { status: 'written', text, reason: null } : off('unavailable')
  } catch (thrown) {
    const code = thrown instanceof Problem ? thrown.code : 'internal'
    await end(null, null, code === 'llm_failed' || code === 'internal')
    // The tenant's people hear of an empty account by their own ways. A participant hears nothing of it.
    if (code === 'internal' || code === 'unavailable') throw thrown
    log('warn', { event: 'reflection_off', tenant_id: begun.tenant, code })
    return off(code === 'llm_provider_missing' ? 'not_offered' : 'unavailable')
  }
}

const off = (reason: 'not_offered' | 'unavailable'): Reflection => ({ status: 'off', text: null, reason })

/** Lines of text, and nothing that could pass for anything else. */
function tidied(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/(?!\n)\p{Cc}|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, ' ')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
    .slice(0, maxLetters)
    .replace(/\p{Surrogate}$/u, '')
}

function systemFor({ config }: OpenOffer): string {
  return [
    voiceOf(config.voice),
    '',
    'You write to somebody who has just taken an assessment, about their result: what it says, and one thing to try.',
    'About 120 words, in plain text without headings or lists. No diagnosis, no promise, and nothing that the result does not say.',
    `Write in the language "${config.voice.language}".`,
    dataOnly,
  ].join('\n')
}

/** What the participant may see of the result, and nothing of who they are. */
function wordsFor(
  { offer }: OpenOffer,
  { primary, secondary, combination, scores, scale }: TakenResult,
): string {
  const named = (scores ?? []).map(({ name, score, band }) => ({
    name,
    score,
    ...(band && { band: band.label }),
  }))
  return [
    tagged('assessment', { name: offer.framework.name }),
    tagged('result', {
      primary: told(primary),
      secondary: told(secondary),
      combination,
      ...(scores && { scores: named, scale }),
    }),
  ].join('\n')
}

/** Without what only a page shows. */
function told(part: TakenResult['primary']) {
  if (!part) return undefined
  const { name, description, strengths, shadows } = part
  return { name, description, strengths, shadows }
}
