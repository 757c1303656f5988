import { type Db, Problem } from '../../db/index.ts'
import { log } from '../../runtime/index.ts'
import { askModel, dataOnly, findModel, tidied } from '../../usage/index.ts'
import type { OpenOffer } from '../taking/offers.ts'
import { voiceOf } from './prompts.ts'

/** What a participant hears of a text that a model writes. */
export interface Text {
  status: 'written' | 'writing' | 'off'
  text: string | null
  /** Of the text. null without one. */
  language: string | null
  reason: 'not_offered' | 'unavailable' | null
}

/** What is to be written, and how it is kept. */
export interface Task {
  tenantId: string
  agent: 'reflection' | 'micro_insight'
  /** What it is about and how long, in sentences. */
  aim: string[]
  /** The participant's. */
  language: string
  /** The data, between tags. */
  data: string
  maxTokens: number
  maxLetters: number
  timeoutMs: number
  /** `isAsked`: whether a model was asked, or the call refused before. */
  keep(text: string | null, model: string | null, isAsked: boolean): Promise<unknown>
}

/** Has a text written that the caller has begun. A participant hears that there is none, and nothing of why. */
export async function writeOnce(service: Db, { config }: OpenOffer, task: Task): Promise<Text> {
  const { tenantId, agent, language, keep } = task
  try {
    const answer = await askModel(service, tenantId, await findModel(service, tenantId), {
      agent,
      system: [
        voiceOf(config.voice),
        '',
        ...task.aim,
        'Plain text without headings or lists. No diagnosis, no promise.',
        `Write in the language "${language}".`,
        dataOnly,
      ].join('\n'),
      turns: [{ role: 'user', content: task.data }],
      max_output_tokens: task.maxTokens,
      idempotency_key: `${agent} ${crypto.randomUUID()}`,
      timeoutMs: task.timeoutMs,
    })
    const text = answer.isRefused ? '' : tidied(answer.text, task.maxLetters)
    await keep(text || null, answer.model, true)
    return text ? written(text, language) : off('unavailable')
  } catch (thrown) {
    const code = thrown instanceof Problem ? thrown.code : 'internal'
    await keep(null, null, code === 'llm_failed' || code === 'internal')
    // The tenant's people hear of an empty account by their own ways. A participant hears nothing of it.
    if (code === 'internal' || code === 'unavailable') throw thrown
    log('warn', { event: 'text_off', tenant_id: tenantId, agent, code })
    return off(code === 'llm_provider_missing' ? 'not_offered' : 'unavailable')
  }
}

export const off = (reason: 'not_offered' | 'unavailable'): Text => ({
  status: 'off',
  text: null,
  language: null,
  reason,
})

interface Found {
  state: string
  words: string | null
  language: string | null
}

/** What somebody hears who has not begun it. */
export function found({ state, words, language }: Found): Text {
  if (state === 'written' && words !== null) return written(words, language)
  if (state === 'writing') return { status: 'writing', text: null, language: null, reason: null }
  return off(state === 'not_offered' ? 'not_offered' : 'unavailable')
}

const written = (text: string, language: string | null): Text => ({
  status: 'written',
  text,
  language,
  reason: null,
})
