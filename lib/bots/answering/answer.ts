import { type Asker, type Db, Problem, serviceFor, sql } from '../../db/index.ts'
import { askModel, findModel, type Model, tidied } from '../../usage/index.ts'
import { findBot, noSuchBot } from '../bots/queries.ts'
import type { PromptVariables } from '../templates/prompt.ts'
import {
  type AnsweringTemplate,
  messagePrompt,
  systemPrompt,
  tellsInstructions,
  unknownWord,
} from './prompt.ts'
import type { BotAnswer, Trial } from './schema.ts'

interface AnsweringBot extends PromptVariables {
  stop: 'tenant_not_active' | 'feature_not_in_plan' | 'switched_off' | 'not_active' | 'not_enabled' | null
  locale: string
  enable_ai_responses: boolean
  enable_training_mode: boolean
  ai_base_url: string | null
  ai_model: string | null
  ai_api_key: string | null
  templates: AnsweringTemplate[]
}

interface Fit {
  ref_id: string
  data_type: 'faq' | 'canned_reply' | 'example'
  question: string
  answer: string | null
  category: string | null
  priority: number
  score: number
}

/** What fits less than this is not the answer. The model still sees it. */
const sure = 0.6
const mostFits = 5
const modelTimeoutMs = 25_000

/**
 * What a bot would answer to a message, and why. Nothing is sent and nothing is stored but the call of the model, which
 * is paid as any other. 404 not_found.
 */
export async function tryBot(
  db: Db,
  asker: Asker,
  tenantId: string,
  ref: string,
  trial: Trial,
): Promise<BotAnswer> {
  const bot = await findBot(db, tenantId, ref)
  return answer(serviceFor(asker.claims, asker.headers), tenantId, bot, trial)
}

/** Finds an answer: the training data first, then a language model, and else a person. `service` acts for whoever asks. */
async function answer(
  service: Db,
  tenantId: string,
  botId: string,
  { text, locale }: Trial,
): Promise<BotAnswer> {
  const [bot] = await service.query<AnsweringBot>(sql`
    select a.stop, a.client_name, a.business_profile, a.brand, a.locale, a.enable_ai_responses, a.enable_training_mode, a.ai_base_url, a.ai_model,
      a.ai_api_key, a.templates
    from private.read_answering_bot(${tenantId}, ${botId}) as a`)
  if (!bot) throw noSuchBot()
  if (bot.stop) return { ...nothing, outcome: 'silent', reason: bot.stop }
  const language = locale ?? bot.locale
  const fits = await findFits(service, tenantId, botId, text, language)
  const found = {
    ...nothing,
    training_data: fits.map(({ answer: _, priority: __, ...shown }) => shown),
  }
  const best = fits.find(isSure)
  if (best?.answer) return { ...found, outcome: 'answered', reason: 'training_data', text: best.answer }
  const refusal = whyNoModel(bot)
  if (refusal) return { ...found, outcome: 'escalated', reason: refusal }
  return { ...found, ...(await write(service, tenantId, botId, bot, fits, text, language)) }
}

/** The training data that fits best. Misspelt words are looked for only if no row has enough of them as they are. */
async function findFits(
  service: Db,
  tenantId: string,
  botId: string,
  text: string,
  language: string,
): Promise<Fit[]> {
  const columns = sql`s.ref_id, s.data_type, s.question, s.answer, s.category, s.priority, s.score::float8 as score`
  const byWords = await service.query<Fit>(sql`
    select ${columns} from private.search_training_data(${tenantId}, ${botId}, ${text}, ${language}, ${mostFits}) as s`)
  if (byWords.some(isSure)) return byWords
  const byLetters = await service.query<Fit>(sql`
    select ${columns} from private.find_similar_training_data(${tenantId}, ${botId}, ${text}, ${language}, ${mostFits}) as s`)
  const best = new Map<string, Fit>()
  for (const fit of [...byWords, ...byLetters])
    if (fit.score > (best.get(fit.ref_id)?.score ?? 0)) best.set(fit.ref_id, fit)
  return [...best.values()].toSorted(byFit).slice(0, mostFits)
}

const isSure = ({ data_type, score }: Fit) => data_type !== 'example' && score >= sure
const tenths = (score: number) => Math.round(score * 10)
const byFit = (one: Fit, other: Fit) =>
  tenths(other.score) - tenths(one.score) || other.priority - one.priority || other.score - one.score

function whyNoModel({ enable_training_mode, enable_ai_responses, templates }: AnsweringBot) {
  if (enable_training_mode) return 'training_mode'
  if (!enable_ai_responses) return 'ai_responses_off'
  return templates.length === 0 ? 'no_template' : undefined
}

type WrittenAnswer = Pick<BotAnswer, 'outcome' | 'reason' | 'text' | 'template' | 'prompt' | 'call'>

/** Has a model write the answer. Whatever is wrong with it becomes a matter for a person. */
async function write(
  service: Db,
  tenantId: string,
  botId: string,
  bot: AnsweringBot,
  fits: Fit[],
  text: string,
  language: string,
): Promise<WrittenAnswer> {
  const template = chooseTemplate(bot.templates, fits[0]?.category)
  const system = systemPrompt(template, bot, language)
  const message = messagePrompt(template, bot, fits, text)
  const about: WrittenAnswer = {
    outcome: 'escalated',
    reason: 'no_model',
    text: null,
    template: { ref_id: template.ref_id, template_name: template.template_name },
    prompt: { system, message },
    call: null,
  }
  try {
    const said = await askModel(service, tenantId, await modelOf(service, tenantId, botId, bot), {
      agent: 'bot',
      system,
      turns: [{ role: 'user', content: message }],
      max_output_tokens: Math.min(2_048, Math.ceil(template.max_response_length / 2) + 64),
      idempotency_key: `bot ${crypto.randomUUID()}`,
      timeoutMs: modelTimeoutMs,
    })
    const { call: ref_id, model, input_tokens, output_tokens, cost_micros, credits } = said
    const call = { ref_id, model, input_tokens, output_tokens, cost_micros, credits }
    const words = said.isRefused ? '' : tidied(said.text, template.max_response_length)
    if (!words || words.includes(unknownWord) || tellsInstructions(words, system))
      return { ...about, reason: 'model_does_not_know', call }
    return { ...about, outcome: 'answered', reason: 'model', text: words, call }
  } catch (thrown) {
    return { ...about, reason: whyNotWritten(thrown) }
  }
}

function whyNotWritten(thrown: unknown) {
  const code = thrown instanceof Problem ? thrown.code : undefined
  if (code === 'llm_provider_missing') return 'no_model'
  if (code === 'llm_failed' || code === 'llm_busy') return 'model_failed'
  if (code === 'spend_cap_reached' || code === 'insufficient_credits' || code === 'limit_reached')
    return 'model_not_paid'
  throw thrown
}

/** The template that is named like the category of what fits best; else the default one. */
function chooseTemplate(
  templates: AnsweringTemplate[],
  category: string | null | undefined,
): AnsweringTemplate {
  const named = category?.toLowerCase()
  return (
    templates.find(({ template_name }) => template_name.toLowerCase() === named) ??
    templates.find(({ is_default }) => is_default) ??
    templates[0]!
  )
}

/** The bot's own model, or else the one that writes for the tenant. 409 llm_provider_missing. */
async function modelOf(
  service: Db,
  tenantId: string,
  botId: string,
  { ai_base_url, ai_model, ai_api_key }: AnsweringBot,
): Promise<Model> {
  if (ai_base_url === null || ai_model === null) return findModel(service, tenantId)
  return {
    owner_id: tenantId,
    is_own: true,
    provider_type: 'openai',
    base_url: ai_base_url,
    default_model: ai_model,
    // No settings of the tenant's own provider have it: what the model of a bot refuses says nothing of that one.
    revision: botId,
    api_key: ai_api_key,
  }
}

const nothing = { text: null, training_data: [], template: null, prompt: null, call: null }
