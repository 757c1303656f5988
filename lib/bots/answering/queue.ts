import { admin, type Sql, sql } from '../../db/index.ts'
import {
  claimItems,
  completeItems,
  type DispatchLimits,
  type DispatchReport,
  dispatch,
  type ItemResult,
  type LeasedItem,
  type Queue,
} from '../../queue/index.ts'
import { log } from '../../runtime/index.ts'
import { takeSubscriptionStep } from '../subscriptions/step.ts'
import { answer } from './answer.ts'
import { markAsRead } from './mark-as-read.ts'
import { noticesOf } from './notices.ts'
import type { Turn } from './prompt.ts'
import type { BotAnswer } from './schema.ts'
import { splitText } from './split.ts'

/** What a contact wrote and nobody has answered, as private.begin_bot_answer() gives it. */
interface Conversation {
  bot_id: string
  contact_id: string
  client_name: string
  locale: string
  time_zone: string
  /** What the contact has paid for. */
  level: number
  enable_payment_flow: boolean
  /** Why the bot does not answer it now. */
  stop: Stop | null
  messages: { id: string; text: string | null; kind: string }[]
  turns: Turn[]
  /** How WhatsApp names the message that is to be marked as read; null if it was, or is not to be. */
  unread: string | null
}
type Stop =
  | 'opted_out'
  | 'taken_over'
  | 'not_verified'
  | 'paused'
  | 'window_closed'
  | 'auto_reply_off'
  | 'day_limit'
  | 'hour_limit'

type Outcome = BotAnswer['outcome']

interface Settlement {
  outcome: Outcome
  reason: BotAnswer['reason'] | Stop | 'failed'
  replies?: string[]
  notice?: string
  details?: Record<string, string | null | undefined>
}

/** A person is told of these. The others end in silence. */
const toPeople: Partial<Record<Stop, true>> = { window_closed: true, auto_reply_off: true, paused: true }
/** One more than the queue has waits. After the last one a person is told. */
const lastAttempt = 5

// All of these use the service's own connection, because no caller may read or write the queue.
const queue: Queue<LeasedItem, ItemResult> = {
  name: 'bot_answers',
  expand: async () => 0,

  claim: (batch, slowBatch) => claimItems('bot_answers', batch, slowBatch),

  async send({ is_slow: _, ...item }) {
    const startedAt = performance.now()
    const result = (outcome: ItemResult['outcome']): ItemResult => ({
      ...item,
      outcome,
      duration_ms: Math.round(performance.now() - startedAt),
      block_seconds: null,
      stop_reason: null,
    })
    try {
      await answerMessage(item.tenant_id, item.item_id)
      return result('succeeded')
    } catch (thrown) {
      log('error', { function: 'bots', event: 'answer_failed', error: String(thrown), item: item.item_id })
      if (item.attempt_number < lastAttempt) return result('failed')
      return result(
        await giveUp(item.tenant_id, item.item_id).then(
          () => 'dropped' as const,
          () => 'failed' as const,
        ),
      )
    }
  },

  complete: (results, slot) => completeItems('bot_answers', results, slot),

  laneName: ({ lane_id }) => lane_id,
}

/** Answers what waits, until nothing is left or the limits are reached. */
export function answerContacts(limits: Partial<DispatchLimits> = {}): Promise<DispatchReport> {
  return dispatch(queue, limits)
}

/**
 * Answers what a contact wrote, all of it together, and settles it once: whoever is killed before has done nothing, and whoever comes
 * later finds nothing to do.
 */
async function answerMessage(tenantId: string, message: string): Promise<void> {
  const conversation = await begin(tenantId, message)
  if (!conversation) return
  const { stop, bot_id, messages, turns, locale, level, unread } = conversation
  if (stop !== null) return settle(tenantId, conversation, whenStopped(stop, conversation))
  const text = messages
    .flatMap((each) => each.text ?? [])
    .join('\n')
    .slice(0, 4_096)
  // A picture waits for a person, who has not seen it yet. A mark that came after the answer would show that somebody types, for nothing:
  // so whatever answers waits for it.
  const marked = unread !== null && text !== '' ? markAsRead(tenantId, bot_id, unread) : undefined
  if (conversation.enable_payment_flow && (await takeSubscriptionStep(tenantId, conversation, marked)))
    return answerMessage(tenantId, message)
  let isSettled = false
  const given = await answer(admin, tenantId, bot_id, {
    text,
    locale,
    level,
    turns,
    async settle(written) {
      isSettled = true
      await marked
      return settling(tenantId, conversation, settlementOf(written, conversation, text))
    },
  })
  await marked
  if (!isSettled) await settle(tenantId, conversation, settlementOf(given, conversation, text))
}

async function begin(tenantId: string, message: string): Promise<Conversation | undefined> {
  const [conversation] = await admin.query<Conversation>(sql`
    select a.bot_id, a.contact_id, a.stop, a.messages, a.turns, b.client_name, left(t.locale, 2) as locale, t.time_zone,
      case when private.bot_stop(t, b, s) is null then a.unread end as unread,
      s.enable_payment_flow, private.contact_level(${tenantId}, a.bot_id, a.contact_id) as level
    from private.begin_bot_answer(${tenantId}, ${message}) as a
    join public.bot_tenants as b on b.tenant_id = ${tenantId} and b.id = a.bot_id
    join public.bot_control_settings as s on s.tenant_id = b.tenant_id and s.bot_id = b.id
    join public.tenants as t on t.id = b.tenant_id`)
  return conversation
}

function whenStopped(reason: Stop, { client_name, locale }: Conversation): Settlement {
  if (reason === 'day_limit' || reason === 'hour_limit')
    return { outcome: 'silent', reason, notice: noticesOf(locale).limit(client_name) }
  return { outcome: toPeople[reason] ? 'escalated' : 'silent', reason }
}

function settlementOf(
  { outcome, reason, text, training_data, template, call }: BotAnswer,
  { client_name, locale }: Conversation,
  question: string,
): Settlement {
  return {
    outcome,
    reason,
    replies: outcome === 'answered' && text !== null ? splitText(text) : [],
    ...(outcome === 'escalated' && { notice: noticesOf(locale).escalated(client_name) }),
    details: {
      template: template?.template_name,
      training_data: reason === 'training_data' ? training_data[0]?.ref_id : undefined,
      call: call?.ref_id,
      question,
      locale,
    },
  }
}

async function settle(tenantId: string, conversation: Conversation, settlement: Settlement): Promise<void> {
  await admin.query(sql`select ${settling(tenantId, conversation, settlement)}`)
}

function settling(
  tenantId: string,
  { contact_id, messages }: Conversation,
  { outcome, reason, replies = [], notice, details = {} }: Settlement,
): Sql {
  return sql`private.settle_bot_answer(${tenantId}, ${contact_id}, ${messages.map(({ id }) => id)}::uuid[], ${outcome}, ${reason},
    ${replies}::text[], ${notice ?? null}, ${JSON.stringify(details)}::jsonb)`
}

/** A person answers what the bot could not, however often it tried. */
async function giveUp(tenantId: string, message: string): Promise<void> {
  const conversation = await begin(tenantId, message)
  if (conversation) await settle(tenantId, conversation, { outcome: 'escalated', reason: 'failed' })
}
