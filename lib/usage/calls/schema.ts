import { z } from 'zod'
import { keyset, moment, nextCursor, offsetMoment, pageParameters, refId } from '../../db/index.ts'

const statuses = ['ok', 'error', 'refused'] as const
/** Bounds one call. No model takes as many. */
const maxTokens = 100_000_000
const maxMilliseconds = 2_147_483_647

const text = (max: number) => z.string().trim().min(1).max(max)
const word = z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,99}$/, 'must be a word in lowercase')
const model = text(255)
const tokens = z.int().min(0).max(maxTokens)
/** An amount of money, and what it is about. */
const micros = (about = '') => z.int().meta({ description: inDollars(about) })
const inDollars = (about: string) => `In millionths of a US dollar. ${about}`.trim()
const digest = z
  .string()
  .regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hexadecimal digits')
  .meta({
    description: 'The SHA-256 of the text. Only a keyed hash of it is stored, and never the text.',
  })
const storedHash = z
  .string()
  .nullable()
  .meta({ description: 'A hash with a key that only the platform has.' })
const key = z.string().min(1).max(200).meta({
  description: 'The same key repeats the request and changes nothing. Each other one needs its own.',
})
const errorCode = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_.:-]{0,99}$/, 'must be a word of lowercase letters, digits and _ . : -')
  .meta({ description: 'A code and no message, because a message may quote the prompt.' })
const madeBy = {
  agent: text(100).optional(),
  skill: text(100).optional(),
  activity_run_id: z.uuid().optional(),
}
const shownMadeBy = {
  agent: z.string().nullable(),
  skill: z.string().nullable(),
  activity_run_id: z.uuid().nullable(),
}

export const NewLlmCall = z
  .strictObject({
    provider: word.meta({ description: 'openai, anthropic, ollama or another.' }),
    model,
    max_input_tokens: tokens.meta({ description: 'At most so many tokens are sent.' }),
    max_output_tokens: tokens.meta({ description: 'At most so many are answered, as the model was told.' }),
    idempotency_key: key,
    expires_in_seconds: z
      .int()
      .min(1)
      .max(86_400)
      .default(900)
      .meta({ description: 'For how long its cost is held.' }),
    ...madeBy,
    prompt_sha256: digest.optional(),
  })
  .meta({ id: 'NewLlmCall' })

/** A call that may be made now. */
export const StartedLlmCall = z
  .strictObject({
    ref_id: refId,
    provider: z.string(),
    model: z.string(),
    max_input_tokens: z.int(),
    max_output_tokens: z.int(),
    is_priced: z
      .boolean()
      .meta({ description: 'Whether the model has a price. If not, the fallback counts.' }),
    held_micros: micros('What it may cost at most, held of the cap.'),
    expires_at: moment.meta({ description: 'From then on it holds nothing. It can still be completed.' }),
    created_at: moment,
  })
  .meta({ id: 'StartedLlmCall' })

export const CallPath = z.object({ call: refId })

export const LlmCompletion = z
  .strictObject({
    status: z.enum(statuses),
    input_tokens: tokens.meta({ description: 'All tokens of the prompt, with those of the cache.' }),
    output_tokens: tokens.meta({ description: 'With those of reasoning.' }),
    cached_tokens: tokens
      .default(0)
      .meta({ description: 'Of input_tokens, those that were read from a cache.' }),
    cache_write_tokens: tokens
      .default(0)
      .meta({ description: 'Of input_tokens, those that were written to a cache.' }),
    duration_ms: z.int().min(0).max(maxMilliseconds).optional(),
    response_sha256: digest.optional(),
    error_code: errorCode.optional(),
  })
  .refine((sent) => sent.cached_tokens + sent.cache_write_tokens <= sent.input_tokens, {
    path: ['input_tokens'],
    message: 'must be at least cached_tokens and cache_write_tokens together',
  })
  .meta({ id: 'LlmCompletion' })

/** A call of a model that was completed. */
export const LlmCall = z
  .strictObject({
    ref_id: refId,
    status: z.enum(statuses),
    error_code: z.string().nullable(),
    provider: z.string(),
    model: z.string(),
    ...shownMadeBy,
    input_tokens: z.int(),
    cached_tokens: z.int(),
    cache_write_tokens: z.int(),
    output_tokens: z.int(),
    duration_ms: z.int().nullable(),
    is_priced: z.boolean(),
    cost_micros: z
      .int()
      .nullable()
      .meta({ description: inDollars('Null if the model has no price.') }),
    counted_micros: micros('What counts towards the cap: the cost, else the fallback.'),
    held_micros: micros(),
    is_late: z.boolean().meta({ description: 'Whether it was completed after its hold had expired.' }),
    price: z
      .strictObject({
        ref_id: refId,
        input_micros: micros(),
        cached_input_micros: micros(),
        cache_write_micros: micros(),
        output_micros: micros(),
        call_micros: micros(),
      })
      .meta({ description: 'What it was priced by: for a million tokens, and for the call.' }),
    prompt_hash: storedHash,
    response_hash: storedHash,
    started_at: moment,
    completed_at: moment,
  })
  .meta({ id: 'LlmCall' })

const range = {
  since: offsetMoment.optional().meta({ description: 'Those that began then or later.' }),
  until: offsetMoment.optional().meta({ description: 'Those that began before then.' }),
}
const status = z.enum(statuses).optional()

export const llmCallOrder = keyset('llm_calls', { ref_id: refId })
export const LlmCallQuery = z.strictObject({
  model: z.string().min(1).max(255).optional(),
  status,
  ...range,
  ...pageParameters(llmCallOrder),
})
export const LlmCalls = z
  .strictObject({ llm_calls: z.array(LlmCall), next_cursor: nextCursor })
  .meta({ id: 'LlmCalls' })

export const NewToolCall = z
  .strictObject({
    tool: word.meta({ description: 'google_search_console or another.' }),
    method: text(100),
    status: z.enum(statuses),
    idempotency_key: key,
    duration_ms: z.int().min(0).max(maxMilliseconds).optional(),
    ...madeBy,
    input_sha256: digest.optional(),
    output_sha256: digest.optional(),
    error_code: errorCode.optional(),
  })
  .meta({ id: 'NewToolCall' })

/** A call of a tool. */
export const ToolCall = z
  .strictObject({
    ref_id: refId,
    status: z.enum(statuses),
    error_code: z.string().nullable(),
    tool: z.string(),
    method: z.string(),
    ...shownMadeBy,
    duration_ms: z.int().nullable(),
    is_priced: z.boolean(),
    cost_micros: z
      .int()
      .nullable()
      .meta({ description: inDollars('Null if the platform has not priced the tool.') }),
    input_hash: storedHash,
    output_hash: storedHash,
    created_at: moment,
  })
  .meta({ id: 'ToolCall' })

export const toolCallOrder = keyset('tool_calls', { ref_id: refId })
export const ToolCallQuery = z.strictObject({
  tool: word.optional(),
  status,
  ...range,
  ...pageParameters(toolCallOrder),
})
export const ToolCalls = z
  .strictObject({ tool_calls: z.array(ToolCall), next_cursor: nextCursor })
  .meta({ id: 'ToolCalls' })

export type NewLlmCall = z.output<typeof NewLlmCall>
export type StartedLlmCall = z.infer<typeof StartedLlmCall>
export type LlmCompletion = z.output<typeof LlmCompletion>
export type LlmCall = z.infer<typeof LlmCall>
export type LlmCallQuery = z.output<typeof LlmCallQuery>
export type LlmCalls = z.infer<typeof LlmCalls>
export type NewToolCall = z.output<typeof NewToolCall>
export type ToolCall = z.infer<typeof ToolCall>
export type ToolCallQuery = z.output<typeof ToolCallQuery>
export type ToolCalls = z.infer<typeof ToolCalls>
