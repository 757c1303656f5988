import { z } from 'zod'
import type { Model } from './queries.ts'

/** What a model is asked. */
export interface Question {
  system: string
  turns: { role: 'user' | 'assistant'; content: string }[]
  max_output_tokens: number
  /** The JSON Schema of the answer, if it is to be JSON. */
  schema?: Record<string, unknown>
}

export interface Tokens {
  input_tokens: number
  output_tokens: number
  cached_tokens: number
  cache_write_tokens: number
}

export interface Written {
  text: string
  /** The model, or a rule before it, would not answer. */
  isRefused: boolean
  /** Null if the provider does not say. */
  tokens: Tokens | null
}

interface Format {
  encode(model: Model, question: Question): { url: string; headers: Record<string, string>; body: string }
  /** Null if it is none of this provider's answers. */
  read(answer: unknown): Written | null
}

const count = z.int().min(0).max(100_000_000)
const json = { 'content-type': 'application/json', accept: 'application/json' }

const Completion = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
        finish_reason: z.string().nullish(),
      }),
    )
    .min(1),
  usage: z
    .object({
      prompt_tokens: count,
      completion_tokens: count,
      prompt_tokens_details: z.object({ cached_tokens: count.nullish() }).nullish(),
    })
    .nullish()
    .catch(null),
})

const openai: Format = {
  encode({ base_url, api_key, default_model }, { system, turns, max_output_tokens, schema }) {
    // Its newer models know only the one, and most other servers only the other.
    const limit = new URL(base_url).host === 'api.openai.com' ? 'max_completion_tokens' : 'max_tokens'
    return {
      url: `${base_url}/chat/completions`,
      headers: { ...json, ...(api_key !== null && { authorization: `Bearer ${api_key}` }) },
      body: JSON.stringify({
        model: default_model,
        messages: [{ role: 'system', content: system }, ...turns],
        [limit]: max_output_tokens,
        ...(schema && {
          response_format: { type: 'json_schema', json_schema: { name: 'answer', schema, strict: false } },
        }),
      }),
    }
  },
  read(answer) {
    const read = Completion.safeParse(answer)
    const choice = read.data?.choices[0]
    if (!read.success || !choice) return null
    const { usage } = read.data
    return {
      text: choice.message.content ?? '',
      isRefused: Boolean(choice.message.refusal) || choice.finish_reason === 'content_filter',
      tokens: usage
        ? {
            input_tokens: usage.prompt_tokens,
            output_tokens: usage.completion_tokens,
            cached_tokens: Math.min(usage.prompt_tokens_details?.cached_tokens ?? 0, usage.prompt_tokens),
            cache_write_tokens: 0,
          }
        : null,
    }
  },
}

const Message = z.object({
  content: z.array(
    z.object({ type: z.string(), text: z.string().optional(), input: z.unknown().optional() }),
  ),
  stop_reason: z.string().nullish(),
  usage: z
    .object({
      input_tokens: count,
      output_tokens: count,
      cache_read_input_tokens: count.nullish(),
      cache_creation_input_tokens: count.nullish(),
    })
    .nullish()
    .catch(null),
})

const anthropic: Format = {
  encode({ base_url, api_key, default_model }, { system, turns, max_output_tokens, schema }) {
    return {
      url: `${base_url}/messages`,
      headers: {
        ...json,
        'anthropic-version': '2023-06-01',
        ...(api_key !== null && { 'x-api-key': api_key }),
      },
      body: JSON.stringify({
        model: default_model,
        max_tokens: max_output_tokens,
        system,
        messages: turns,
        // It has no format for answers. A tool that must be called has one.
        ...(schema && {
          tools: [{ name: 'answer', description: 'Gives the answer.', input_schema: schema }],
          tool_choice: { type: 'tool', name: 'answer' },
        }),
      }),
    }
  },
  read(answer) {
    const read = Message.safeParse(answer)
    if (!read.success) return null
    const { content, stop_reason, usage } = read.data
    const called = content.find(({ type }) => type === 'tool_use')
    const read_tokens = usage?.cache_read_input_tokens ?? 0
    const written_tokens = usage?.cache_creation_input_tokens ?? 0
    return {
      text: called
        ? JSON.stringify(called.input ?? null)
        : content.flatMap(({ type, text }) => (type === 'text' && text ? [text] : [])).join(''),
      isRefused: stop_reason === 'refusal',
      tokens: usage
        ? {
            // Its input_tokens leave out what the cache read or wrote.
            input_tokens: usage.input_tokens + read_tokens + written_tokens,
            output_tokens: usage.output_tokens,
            cached_tokens: read_tokens,
            cache_write_tokens: written_tokens,
          }
        : null,
    }
  },
}

/** How the servers of each type are spoken to. */
export const formats = { openai, anthropic } satisfies Record<Model['provider_type'], Format>
