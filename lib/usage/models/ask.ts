import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { type Db, Problem, type Sql, sql } from '../../db/index.ts'
import { fetchPublic, NetFault, type PublicAnswer } from '../../net/index.ts'
import { formats, type Question, type Tokens, type Written } from './formats.ts'
import type { Model } from './queries.ts'
import { pricedAs } from './schema.ts'

export interface ModelQuestion extends Question {
  /** What asks, as llm_calls name it. */
  agent: string
  /** A call is made once for a key. Whoever asks again, because the answer is lost, takes another. */
  idempotency_key: string
  timeoutMs: number
  /**
   * What is done with an answer in the very transaction in which the call is paid: an expression of SQL. So nobody pays for an
   * answer that is lost, and nobody gets one that is not paid.
   */
  settle?: (answer: { call: string; text: string; isRefused: boolean }) => Sql | Promise<Sql>
}

export interface ModelAnswer extends Omit<Written, 'tokens'> {
  /** The ref_id of its row in llm_calls. */
  call: string
  model: string
  input_tokens: number
  output_tokens: number
  /** In millionths of a US dollar. Null if the model has no price. */
  cost_micros: number | null
  credits: number
}

/** Longer answers are refused: no text that is asked for comes near. */
const answerBytes = 1_048_576
const noTokens: Tokens = { input_tokens: 0, output_tokens: 0, cached_tokens: 0, cache_write_tokens: 0 }

/** How the call is recorded, and what is thrown if it failed. */
interface Outcome {
  status: 'ok' | 'error' | 'refused'
  tokens: Tokens
  written?: Written
  error_code?: string
  problem?: Problem
}

/**
 * Asks a language model for a tenant. What it may cost is held before, of the spend cap and of the credits, and what it took is
 * recorded whatever becomes of it. `service` acts for whoever asks, who must be allowed to. 402 spend_cap_reached,
 * insufficient_credits, limit_reached; 403 for a tenant that cannot be changed; 502 llm_failed; 503 llm_busy.
 */
export async function askModel(
  service: Db,
  tenantId: string,
  model: Model,
  question: ModelQuestion,
): Promise<ModelAnswer> {
  const { url, headers, body } = formats[model.provider_type].encode(model, question)
  const provider = pricedAs(model.provider_type, model.base_url)
  const estimated = Math.ceil(Buffer.byteLength(body) / 2)
  // The hold outlives the request, and ends by itself if this process does not.
  const seconds = Math.ceil(question.timeoutMs / 1_000) + 30
  // A tenant that is frozen, or whose trial has ended, starts nothing.
  await service.query(sql`select private.require_permission(${tenantId}, 'calls:write')`)
  const { call } = await service.one<{ call: string }>(sql`
    select private.ulid(private.begin_model_call(${tenantId}, ${provider}, ${model.default_model}, ${estimated},
      ${question.max_output_tokens}, ${question.idempotency_key}, ${seconds}, ${question.agent}, ${sha256(body)})) as call`)
  const began = Date.now()
  const outcome = await exchange(model, { url, headers, body }, question.timeoutMs).catch(
    (thrown): Outcome => ({ status: 'error', tokens: noTokens, error_code: 'internal', problem: thrown }),
  )
  const { tokens, written, status, error_code } = outcome
  const duration_ms = Date.now() - began
  const settle = written && (await question.settle?.({ call, ...written }))
  const { cost_micros, credits } = await service.one<{ cost_micros: number | null; credits: number }>(sql`
    select e.cost_micros::float8 as cost_micros, e.credits::float8 as credits, ${settle ?? sql`null`} as settled
    from private.end_model_call(${tenantId}, private.ulid_to_uuid(${call}), ${status}::public.call_status, ${tokens.input_tokens},
      ${tokens.output_tokens}, ${tokens.cached_tokens}, ${tokens.cache_write_tokens}, ${duration_ms},
      ${written && sha256(written.text)}, ${error_code}) as e`)
  if (error_code === 'credentials')
    await service.query(sql`
      select private.refuse_llm_provider(${model.owner_id}, ${model.revision}, ${outcome.problem?.detail})`)
  if (!written) throw outcome.problem
  const { input_tokens, output_tokens } = tokens
  const { text, isRefused } = written
  return {
    text,
    isRefused,
    call,
    model: model.default_model,
    input_tokens,
    output_tokens,
    cost_micros,
    credits,
  }
}

interface Sent {
  url: string
  headers: Record<string, string>
  body: string
}

async function exchange(model: Model, { url, headers, body }: Sent, timeoutMs: number): Promise<Outcome> {
  // A provider charges for what it has read, and says how much only in its answer.
  const read: Tokens = { ...noTokens, input_tokens: Math.ceil(Buffer.byteLength(body) / 4) }
  let answer: PublicAnswer
  try {
    answer = await fetchPublic(url, { method: 'POST', headers, body, timeoutMs, maxBytes: answerBytes })
  } catch (thrown) {
    if (!(thrown instanceof NetFault)) throw thrown
    return failed(thrown.code, thrown.message, thrown.isUnsent ? noTokens : read)
  }
  const text = new TextDecoder().decode(answer.bytes)
  if (answer.status !== 200) return refusal(model, answer, text)
  const written = formats[model.provider_type].read(parsed(text))
  if (!written) return failed('not_understood', 'Its answer is none that Tenantry understands.', read)
  const tokens = written.tokens ?? { ...read, output_tokens: Math.ceil(Buffer.byteLength(written.text) / 4) }
  const status = written.isRefused ? 'refused' : 'ok'
  return { status, tokens, written: { ...written, text: storable(written.text) } }
}

function refusal(model: Model, { status, headers }: PublicAnswer, text: string): Outcome {
  // What the platform's provider says is about the platform's account.
  const said = model.is_own ? `: ${storable(text.slice(0, 300))}` : ''
  if (status === 401 || status === 403)
    return failed('credentials', `It does not accept the key (${status})${said}`, noTokens)
  if (status === 429 || status === 503 || status === 529) {
    const seconds = Number(headers.get('retry-after'))
    const retryAfterSeconds = seconds > 0 && seconds <= 86_400 ? Math.ceil(seconds) : 30
    const problem = new Problem('llm_busy', 'The language model is asked too much. Try again later.', {
      retryAfterSeconds,
    })
    return { status: 'error', tokens: noTokens, error_code: 'busy', problem }
  }
  return failed(`status_${status}`, `It answered ${status}${said}`, noTokens)
}

/** Without U+0000 and halves of surrogate pairs, which a server may say and the database does not store. */
function storable(text: string): string {
  return text.replaceAll('\0', '').replace(/\p{Surrogate}/gu, '')
}

function failed(error_code: string, reason: string, tokens: Tokens): Outcome {
  const problem = new Problem('llm_failed', `The language model gave no answer. ${reason}`)
  return { status: 'error', tokens, error_code, problem }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
