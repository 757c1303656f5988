import { Problem, sql } from '../../db/index.ts'
import { tagged } from '../../usage/index.ts'
import type { Mode } from '../scoring/score.ts'
import { ended, openSession, type Participant, serviceOf, tokenHashOf } from '../taking/sessions.ts'
import { found, off, type Text, writeOnce } from './once.ts'

interface Begun {
  tenant: string
  session: string
  state: string
  words: string | null
  answer: string
  language: string
}

/**
 * What a model remarks on a saved answer of a token's session: once for each question and answer, and so many in a session.
 * 404 session_not_found, 409 campaign_not_open, 422 invalid_value.
 */
export async function readInsight(participant: Participant, item: string): Promise<Text> {
  const { session, offer } = await openSession(participant)
  const mode = offer?.config.modes[session.mode]
  if (!mode) throw ended()
  const asked = Object.hasOwn(mode.items, item) ? mode.items[item] : undefined
  if (!asked)
    throw new Problem('invalid_value', 'There is no such question.', {
      errors: [{ pointer: '/item', detail: 'is no item of this mode' }],
    })
  const { is_enabled, max_tokens = 150, max_per_session = 5 } = offer.config.providers.micro_insight
  if (!is_enabled) return off('not_offered')
  const service = serviceOf(participant)
  const begun = await service.one<Begun>(sql`
    select b.tenant, b.session, b.state, b.words, b.answer, b.language
    from private.begin_insight(${tokenHashOf(participant)}, ${item}, ${max_per_session}, ${offer.config.voice.language}) as b`)
  if (begun.state !== 'begun') return found(begun)
  return writeOnce(service, offer, {
    tenantId: begun.tenant,
    agent: 'micro_insight',
    language: begun.language,
    aim: [
      'You remark on one answer of somebody who is taking an assessment: one sentence that makes them think.',
      'Do not say what the answer means for the result, and do not judge it.',
    ],
    data: tagged('question', { prompt: asked.prompt, answer: labelOf(mode, asked, begun.answer) }),
    maxTokens: max_tokens,
    maxLetters: 1_000,
    // Who takes an assessment is soon at another question.
    timeoutMs: 15_000,
    keep: (text, model, isAsked) =>
      service.query(sql`
        select private.end_insight(${begun.tenant}, ${begun.session}, ${item}, ${begun.answer}, ${text}, ${model}, ${isAsked})`),
  })
}

/** An answer in the words that were on the screen. */
function labelOf({ scale }: Mode, { options }: Mode['items'][string], answer: string): string {
  if (!scale) return (options && Object.hasOwn(options, answer) && options[answer]?.label) || answer
  const label = scale.labels[answer]
  return `${answer} on a scale from ${scale.min} to ${scale.max}${label ? `: ${label}` : ''}`
}
