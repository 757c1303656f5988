import { type Asker, type Db, type FieldError, Problem, serviceFor, sql } from '../../db/index.ts'
import { askModel, dataOnly, findModel, type ModelAnswer, tagged } from '../../usage/index.ts'
import { type Head, overridesOf, readHead } from '../config/head.ts'
import { type Column, partOf } from '../config/parts.ts'
import { resolve } from '../config/resolve.ts'
import { answerSchema, type Proposal, readProposal } from './patch.ts'
import { voiceOf } from './prompts.ts'
import type { Suggestion, SuggestionRequest } from './schema.ts'

/** An answer that does not fit is given back once. Who fails twice would fail a third time. */
const rounds = 2

/**
 * Has a model propose a change of one column. Nothing is stored: the editor sends it on, or not. 402 feature_not_in_plan, 404
 * framework_not_found, 409 llm_provider_missing, 502 suggestion_unusable, and whatever askModel() refuses.
 */
export async function suggestChange(
  db: Db,
  { claims, headers }: Asker,
  tenantId: string,
  framework: string,
  { column, instructions }: SuggestionRequest,
): Promise<Suggestion> {
  const service = serviceFor(claims, headers)
  await db.query(sql`select private.require_ai_authoring(${tenantId})`)
  const head = await readHead(db, tenantId, framework)
  const model = await findModel(service, tenantId)
  const request = crypto.randomUUID()
  const turns: { role: 'user' | 'assistant'; content: string }[] = [
    { role: 'user', content: wordsFor(head, column, instructions) },
  ]
  const calls: Suggestion['calls'] = []
  let errors: FieldError[] = []
  for (let round = 1; round <= rounds; round++) {
    const answer = await askModel(service, tenantId, model, {
      agent: 'ai_authoring',
      system: systemFor(head),
      turns,
      max_output_tokens: 4_000,
      schema: answerSchema(column),
      idempotency_key: `suggestion ${request} ${round}`,
      timeoutMs: 50_000,
    })
    calls.push(costOf(answer))
    const proposal = await judge(service, head, column, answer)
    if (proposal.ok) {
      const { framework_id, version } = head.config
      return { framework_id, version, patch: { [column]: proposal.proposed }, model: answer.model, calls }
    }
    errors = proposal.errors
    if (answer.isRefused) break
    turns.push(
      // An empty turn is refused by some models.
      { role: 'assistant', content: answer.text.slice(0, 40_000) || '{}' },
      {
        role: 'user',
        content: `This cannot be used. Correct it, and answer in the same form. ${tagged('problems', errors)}`,
      },
    )
  }
  throw new Problem('suggestion_unusable', 'The model proposed nothing that fits. Say it in other words.', {
    errors,
    members: { calls },
  })
}

async function judge(
  service: Db,
  head: Head,
  column: Column,
  { text, isRefused }: ModelAnswer,
): Promise<Proposal> {
  if (isRefused) return { ok: false, errors: [{ pointer: '', detail: 'the model would not answer' }] }
  const proposal = readProposal(head, column, text)
  if (!proposal.ok) return proposal
  // A column has a size, which the table keeps.
  const { fits } = await service.one<{ fits: boolean }>(sql`
    select private.config_fits(${JSON.stringify({ [column]: proposal.proposed })}::jsonb) as fits`)
  return fits ? proposal : { ok: false, errors: [{ pointer: `/${column}`, detail: 'is too large' }] }
}

function systemFor({ base, config }: Head): string {
  const { voice } = resolve(base, overridesOf(config))
  return [
    'You help a coach to configure an assessment. You propose a change of one part of its configuration.',
    'Answer with JSON alone: {"patch": …}. The patch is a JSON merge patch (RFC 7396) of the part: it has only what changes, objects merge, a list replaces the whole list, null removes.',
    'Use only the names that the part has. Keep ids, weights and numbers as they are unless you are asked to change them.',
    dataOnly,
    `Texts for participants are written in the language "${voice.language}", like this:`,
    tagged('voice', voiceOf(voice)),
  ].join('\n')
}

function wordsFor({ base, config }: Head, column: Column, instructions: string): string {
  const resolved = resolve(base, overridesOf(config))
  const archetypes = Object.entries(resolved.archetypes).map(([id, { name }]) => ({ id, name }))
  return [
    `The part is "${column}". This is how it is now:`,
    tagged('present', resolved[partOf[column]]),
    'The archetypes of the assessment:',
    tagged('archetypes', archetypes),
    'What the coach would like to have:',
    tagged('instructions', instructions),
  ].join('\n')
}

function costOf({ call, input_tokens, output_tokens, cost_micros, credits }: ModelAnswer) {
  return { ref_id: call, input_tokens, output_tokens, cost_micros, credits }
}
