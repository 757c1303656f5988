import { Problem, sql } from '../../db/index.ts'
import { tagged } from '../../usage/index.ts'
import type { OpenOffer } from '../taking/offers.ts'
import { readResult } from '../taking/results.ts'
import type { TakenResult } from '../taking/schema.ts'
import { openSession, type Participant, serviceOf, tokenHashOf } from '../taking/sessions.ts'
import { found, off, type Text, writeOnce } from './once.ts'

interface Begun {
  tenant: string
  session: string
  state: string
  words: string | null
  attempt: number
  language: string
}

/**
 * What a model writes about the result of a token's session. It is written and paid once, however often and by how many it is
 * asked for. Whoever asks hears that it is off and nothing of what the tenant may pay. 404 session_not_found, 409
 * session_not_completed.
 */
export async function readReflection(participant: Participant): Promise<Text> {
  const { session, offer } = await openSession(participant)
  if (session.completed_at === null)
    throw new Problem('session_not_completed', 'This session is not completed. Finish it first.')
  if (!offer?.config.providers.reflection.is_enabled) return off('not_offered')
  const service = serviceOf(participant)
  const begun = await service.one<Begun>(sql`
    select b.tenant, b.session, b.state, b.words, b.attempt, b.language
    from private.begin_reflection(${tokenHashOf(participant)}, ${offer.config.voice.language}) as b`)
  if (begun.state !== 'begun') return found(begun)
  return writeOnce(service, offer, {
    tenantId: begun.tenant,
    agent: 'reflection',
    language: begun.language,
    aim: [
      'You write to somebody who has just taken an assessment, about their result: what it says, and one thing to try.',
      'About 120 words, and nothing that the result does not say.',
    ],
    data: wordsFor(offer, await readResult(participant)),
    maxTokens: offer.config.providers.reflection.max_tokens ?? 600,
    maxLetters: 8_000,
    timeoutMs: 40_000,
    keep: (text, model, isAsked) =>
      service.query(sql`
        select private.end_reflection(${begun.tenant}, ${begun.session}, ${begun.attempt}, ${text}, ${model}, ${isAsked})`),
  })
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
  const parts = { primary: told(primary), secondary: told(secondary), combination }
  return [
    tagged('assessment', { name: offer.framework.name }),
    tagged('result', { ...parts, ...(scores && { scores: named, scale }) }),
  ].join('\n')
}

/** Without what only a page shows. */
function told(part: TakenResult['primary']) {
  if (!part) return undefined
  const { name, description, strengths, shadows } = part
  return { name, description, strengths, shadows }
}
