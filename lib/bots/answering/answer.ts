import { type Asker, type Db, Problem, type Sql, serviceFor, sql } from '../../db/index.ts'
import { askModel, findModel, type Model, type ModelAnswer, tidied } from '../../usage/index.ts'
import { findBot, noSuchBot } from '../bots/queries.ts'
import type { PromptVariables } from '../templates/prompt.ts'
import {
  type AnsweringTemplate,
  messagePrompt,
  systemPrompt,
  type Turn,
  tellsInstructions,
  unknownWord,
} from './prompt.ts'
import type { BotAnswer, Trial } from './schema.ts'

/** What a bot is asked. */
export interface Asked extends Trial {
  /** What was said before, the oldest first. */
  turns?: Turn[]
  /** What is done with an answer that a model wrote, in the transaction in which it is paid. */
  settle?: (answer: BotAnswer) => Sql | Promise<Sql>
}

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

/** Finds an answer: the training data first, then a language model, and else a person. `service` acts for whoever asks, or for nobody. */
export async function answer(service: Db, tenantId: string, botId: string, asked: Asked): Promise<BotAnswer> {
  const { text, locale, level = 0 } = asked
  const [bot] = await service.query<AnsweringBot>(sql`
    select a.stop, a.client_name, a.business_profile, a.brand, a.locale, a.enable_ai_responses, a.enable_training_mode, a.ai_base_url, a.ai_model,
      a.ai_api_key, a.templates
    from private.read_answering_bot(${tenantId}, ${botId}, ${level}) as a`)
  if (!bot) throw noSuchBot()
  if (bot.stop) return { ...nothing, outcome: 'silent', reason: bot.stop }
  if (text === '') return { ...nothing, outcome: 'escalated', reason: 'not_text' }
  const language = locale ?? bot.locale
  const fits = await findFits(service, tenantId, botId, { text, language, level })
  const found = {
    ...nothing,
    training_data: fits.map(({ answer: _, priority: __, ...shown }) => shown),
  }
  const best = fits.find(isSure)
  if (best?.answer) return { ...found, outcome: 'answered', reason: 'training_data', text: best.answer }
  const refusal = whyNoModel(bot)
  if (refusal) return { ...found, outcome: 'escalated', reason: refusal }
  return write(service, tenantId, { id: botId, ...bot }, found, fits, { ...asked, locale: language })
}

/** The training data that fits best. Misspelt words are looked for only if no row has enough of them as they are. */
async function findFits(
  service: Db,
  tenantId: string,
  botId: string,
  { text, language, level }: { text: string; language: string; level: number },
): Promise<Fit[]> {
  const columns = sql`s.ref_id, s.data_type, s.question, s.answer, s.category, s.priority, s.score::float8 as score`
  const byWords = await service.query<Fit>(sql`
    select ${columns} from private.search_training_data(${tenantId}, ${botId}, ${text}, ${language}, ${mostFits}, ${level}) as s`)
  if (byWords.some(isSure)) return byWords
  const byLetters = await service.query<Fit>(sql`
    select ${columns} from private.find_similar_training_data(${tenantId}, ${botId}, ${text}, ${language}, ${mostFits}, ${level}) as s`)
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

/** Has a model write the answer. Whatever is wrong with it becomes a matter for a person. */
async function write(
  service: Db,
  tenantId: string,
  bot: AnsweringBot & { id: string },
  found: Omit<BotAnswer, 'outcome' | 'reason'>,
  fits: Fit[],
  { text, locale, turns = [], settle }: Asked & { locale: string },
): Promise<BotAnswer> {
  const template = chooseTemplate(bot.templates, fits[0]?.category)
  const system = systemPrompt(template, bot, locale)
  const message = messagePrompt(template, bot, fits, turns, text)
  const about: BotAnswer = {
    ...found,
    outcome: 'escalated',
    reason: 'no_model',
    template: { ref_id: template.ref_id, template_name: template.template_name },
    prompt: { system, message },
  }
  const judge = ({ text, isRefused }: { text: string; isRefused: boolean }): BotAnswer => {
    const words = isRefused ? '' : tidied(text, template.max_response_length)
    if (!words || words.includes(unknownWord) || tellsInstructions(text, system))
      return { ...about, reason: 'model_does_not_know' }
    return { ...about, outcome: 'answered', reason: 'model', text: words }
  }
  try {
    const said = await askModel(service, tenantId, await modelOf(service, tenantId, bot), {
      agent: 'bot',
      system,
      turns: [{ role: 'user', content: message }],
      max_output_tokens: Math.min(2_048, Math.ceil(template.max_response_length / 2) + 64),
      idempotency_key: `bot ${crypto.randomUUID()}`,
      timeoutMs: modelTimeoutMs,
      ...(settle && { settle: ({ call, ...written }) => settle({ ...judge(written), call: callOf(call) }) }),
    })
    return { ...judge(said), call: callOf(said.call, said) }
  } catch (thrown) {
    return { ...about, reason: whyNotWritten(thrown) }
  }
}

/** Before it is paid, only its name is known. */
function callOf(ref_id: string, paid?: ModelAnswer): NonNullable<BotAnswer['call']> {
  const { model = '', input_tokens = 0, output_tokens = 0, cost_micros = null, credits = 0 } = paid ?? {}
  return { ref_id, model, input_tokens, output_tokens, cost_micros, credits }
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
  { id, ai_base_url, ai_model, ai_api_key }: AnsweringBot & { id: string },
): Promise<Model> {
  if (ai_base_url === null || ai_model === null) return findModel(service, tenantId)
  return {
    owner_id: tenantId,
    is_own: true,
    provider_type: 'openai',
    base_url: ai_base_url,
    default_model: ai_model,
    // No settings of the tenant's own provider have it: what the model of a bot refuses says nothing of that one.
    revision: id,
    api_key: ai_api_key,
  }
}

const nothing = { text: null, training_data: [], template: null, prompt: null, call: null }
