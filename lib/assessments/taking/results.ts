import { named, Problem, sql } from '../../db/index.ts'
import type { ResolvedConfig } from '../config/parts.ts'
import { type Answers, answerProblems, type Mode, score } from '../scoring/score.ts'
import type { OpenOffer } from './offers.ts'
import type { TakenResult } from './schema.ts'
import { ended, openSession, type Participant, serviceOf, tokenHashOf } from './sessions.ts'

interface ResultRow {
  disclosure: TakenResult['disclosure']
  scores: { id: string; score: number; band: string | null }[]
  primary_id: string | null
  secondary_id: string | null
  combination: { title: string; description: string } | null
  answered_count: number
  item_count: number
}

const resultColumns = sql`
  f.disclosure, (f.result).scores, (f.result).primary_id, (f.result).secondary_id, (f.result).combination,
  (f.result).answered_count, (f.result).item_count`

/** Each round is an answer that another device saved in between. */
const maxRounds = 5

/**
 * Completes the session of a token and answers its result, once: a second call answers the same. 404 session_not_found, 409
 * campaign_not_open, 422 contact_required, 422 nothing_answered.
 */
export async function completeSession(participant: Participant): Promise<TakenResult> {
  for (let round = 1; round <= maxRounds; round++) {
    const { session, revision, offer } = await openSession(participant)
    if (session.completed_at !== null) return resultOf(participant, offer)
    const mode = offer?.config.modes[session.mode]
    if (!offer || !mode) throw ended()
    const answers = fitting(mode, session.answers)
    if (Object.keys(answers).length === 0)
      throw new Problem('nothing_answered', 'Answer at least one question before you finish.')
    if (offer.config.landing.capture_gate === 'hard' && (session.email === null || !session.has_consented))
      throw new Problem('contact_required', 'Say how you can be reached, and agree that it is used.')
    const result = score(offer.config, mode, answers)
    const scores = result.scores.map(({ id, score, band }) => ({ id, score, band }))
    const [row] = await serviceOf(participant).query<ResultRow>(
      named(
        'complete_session',
        sql`
        select ${resultColumns} from private.complete_session(${tokenHashOf(participant)}, ${revision},
          ${offer.offer.framework.framework_id}, ${offer.frameworkVersion}, ${offer.configVersion}, ${JSON.stringify(scores)}::jsonb,
          ${result.primary_id}, ${result.secondary_id}, ${result.combination && JSON.stringify(result.combination)}::jsonb,
          ${result.answered_count}, ${result.item_count}, ${JSON.stringify(offer.config.communications.followups)}::jsonb) as f`,
      ),
    )
    if (row) return disclosed(row, offer)
  }
  throw new Problem('conflict', 'The answers are being changed from another device. Try again.')
}

/** The result of a token's session, as far as its campaign shows it. 404 session_not_found, 409 session_not_completed. */
export async function readResult(participant: Participant): Promise<TakenResult> {
  const { offer } = await openSession(participant)
  return resultOf(participant, offer)
}

async function resultOf(participant: Participant, offer: OpenOffer | null): Promise<TakenResult> {
  const [row] = await serviceOf(participant).query<ResultRow>(
    named(
      'find_result',
      sql`select ${resultColumns} from private.find_result(${tokenHashOf(participant)}) as f`,
    ),
  )
  if (!row) throw new Problem('session_not_completed', 'This session is not completed. Finish it first.')
  return disclosed(row, offer)
}

/** The words are those that the tenant uses now; the figures are those of the completion. */
function disclosed(row: ResultRow, offer: OpenOffer | null): TakenResult {
  const { disclosure, answered_count, item_count } = row
  const hidden: TakenResult = {
    disclosure: offer ? disclosure : 'none',
    answered_count,
    item_count,
    chart: false,
    has_reflection: false,
    booking_url: offer?.offer.booking_url ?? null,
  }
  if (!offer || disclosure === 'none') return hidden
  const isFull = disclosure === 'full'
  const { archetypes, scoring } = offer.config
  const primary = partOf(archetypes, row.primary_id, isFull)
  const secondary = partOf(archetypes, row.secondary_id, isFull)
  const summary: TakenResult = {
    ...hidden,
    has_reflection: offer.config.providers.reflection.is_enabled,
    ...(primary && { primary }),
    ...(secondary && { secondary }),
    ...(row.combination && { combination: row.combination }),
  }
  if (!isFull) return summary
  return {
    ...summary,
    scores: inShownOrder(offer.config, row.scores).flatMap(({ id, score, band }) => {
      const archetype = Object.hasOwn(archetypes, id) ? archetypes[id] : undefined
      const label = band === null ? undefined : scoring.severity_bands[band]?.label
      if (!archetype) return []
      const { name, colour } = archetype
      return [{ id, name, colour, score, ...(band !== null && label && { band: { id: band, label } }) }]
    }),
    scale: { min: scoring.engine.scale_min, max: scoring.engine.scale_max },
    chart: offer.offer.chart,
  }
}

/** Answers to questions that are still asked. The tenant may have changed some since they were given. */
function fitting(mode: Mode, answers: Answers): Answers {
  return Object.fromEntries(
    Object.entries(answers).filter(([id, value]) => answerProblems(mode, { [id]: value }).length === 0),
  )
}

function partOf(archetypes: ResolvedConfig['archetypes'], id: string | null, isFull: boolean) {
  const archetype = id !== null && Object.hasOwn(archetypes, id) ? archetypes[id] : undefined
  if (!archetype || id === null) return undefined
  const { name, colour, emoji, description, strengths, shadows } = archetype
  return { id, name, colour, emoji, description, ...(isFull && { strengths, shadows }) }
}

/** By score, as the framework declares its archetypes, or in the tenant's own order. What that leaves out comes last. */
function inShownOrder(
  { archetypes, results }: ResolvedConfig,
  scores: ResultRow['scores'],
): ResultRow['scores'] {
  const { ordering } = results
  if (ordering === 'score') return scores
  const place = (id: string) => {
    if (ordering === 'declared') return archetypes[id]?.position ?? Number.POSITIVE_INFINITY
    return ordering.includes(id) ? ordering.indexOf(id) : ordering.length
  }
  return [...scores].sort((a, b) => place(a.id) - place(b.id))
}
