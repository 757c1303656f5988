import { admin, named, sql } from '../../db/index.ts'
import { storable } from '../../notifications/index.ts'
import {
  claimItems,
  type DispatchLimits,
  type DispatchReport,
  dispatch,
  type ItemResult,
  type LeasedItem,
  type Queue,
} from '../../queue/index.ts'
import { sendText } from './whatsapp.ts'

/** What a message needs to be sent, as private.begin_bot_send() gives it. */
interface ReadyMessage {
  stop: 'opted_out' | 'tenant_not_active' | 'not_verified' | 'window_closed' | 'paused' | null
  ref_id: string
  to_number: string | null
  to_user: string | null
  text: string
  phone_number_id: string
  access_token: string
  /** False while nobody knows how an earlier attempt ended. */
  is_ours: boolean
}

/** What became of an attempt, as private.complete_bot_sends() takes it. */
interface Attempt {
  outcome: ItemResult['outcome']
  wamid?: string | null
  /** It is never sent. */
  is_final?: boolean
  /** WhatsApp did not take it. */
  is_unsent?: boolean
  error_code?: number | null
  error?: string
  wait_seconds?: number
  block_seconds?: number
}
type SendResult = ItemResult & Omit<Attempt, keyof ItemResult>

const stopped = {
  opted_out: 'The contact wrote STOP.',
  tenant_not_active: 'The tenant is not active.',
  not_verified: 'The number of the bot is not verified.',
  window_closed: 'The contact wrote more than 24 hours ago.',
}

/** Meta's numbers of errors. */
const tokenInvalid = [0, 190]
/** How many seconds to wait, and whether everything of this number waits. */
const limits: Record<number, { seconds: number; ofNumber: boolean }> = {
  4: { seconds: 60, ofNumber: true },
  80007: { seconds: 60, ofNumber: true },
  130429: { seconds: 2, ofNumber: true },
  131048: { seconds: 600, ofNumber: true },
  131049: { seconds: 86_400, ofNumber: false },
  // One message in six seconds to one contact.
  131056: { seconds: 6, ofNumber: false },
  133016: { seconds: 600, ofNumber: true },
}

const queue: Queue<LeasedItem, SendResult> = {
  name: 'bot_messages',
  expand: async () => 0,

  claim: (batch, slowBatch) => claimItems('bot_messages', batch, slowBatch),

  async send({ is_slow: _, ...item }) {
    const startedAt = performance.now()
    const attempt = await deliver(item).catch(
      (thrown): Attempt => ({ outcome: 'failed', error: storable(String(thrown)).slice(0, 1_000) }),
    )
    return {
      ...{ ...item, stop_reason: null, block_seconds: null },
      ...attempt,
      duration_ms: Math.round(performance.now() - startedAt),
    }
  },

  async complete(results, slot) {
    const { completed } = await admin.one<{ completed: number }>(
      named(
        'complete_bot_messages',
        sql`select private.complete_bot_sends(${JSON.stringify(results)}::jsonb, ${slot}) as completed`,
      ),
    )
    return completed
  },

  laneName: ({ lane_id }) => lane_id,
}

/** Sends what is due to contacts, until nothing is left or the limits are reached. */
export function sendToContacts(limits: Partial<DispatchLimits> = {}): Promise<DispatchReport> {
  return dispatch(queue, limits)
}

async function deliver({
  tenant_id,
  lane_id,
  item_id,
}: Pick<LeasedItem, 'tenant_id' | 'lane_id' | 'item_id'>) {
  const [ready] = await admin.query<ReadyMessage>(sql`
    select s.stop, s.ref_id, s.to_number, s.to_user, s.text, s.phone_number_id, s.access_token, s.is_ours
    from private.begin_bot_send(${tenant_id}, ${item_id}) as s`)
  if (!ready) return { outcome: 'dropped' } satisfies Attempt
  const { stop, to_number, to_user } = ready
  if (stop === 'paused') return { outcome: 'postponed', wait_seconds: 60 } satisfies Attempt
  if (stop !== null) return final(stopped[stop])
  // Its status tells whether WhatsApp took it. Sent again before that, the contact might read it twice.
  if (!ready.is_ours) return { outcome: 'postponed', wait_seconds: 30 } satisfies Attempt
  const to = to_number ?? (to_user === null ? undefined : { user_id: to_user })
  if (to === undefined) return final('The contact has neither a number nor an id.')
  return judge(tenant_id, lane_id, await sendText({ ...ready, to, reference: ready.ref_id }))
}

/** What an answer of Meta means: by its code, because its statuses of HTTP say little. */
async function judge(
  tenantId: string,
  botId: string,
  { outcome, code, detail, provider_id, retry_after_seconds }: Awaited<ReturnType<typeof sendText>>,
): Promise<Attempt> {
  const said = { error_code: code, error: storable(detail) }
  if (outcome === 'sent') return { outcome: 'succeeded', wamid: provider_id }
  if (outcome === 'ambiguous') return { outcome: 'postponed', wait_seconds: 30, ...said }
  if ((code !== null && tokenInvalid.includes(code)) || (code === null && outcome === 'credentials')) {
    await admin.query(sql`select private.pause_bot(${tenantId}, ${botId}, 'token_invalid')`)
    return { outcome: 'postponed', wait_seconds: 60, is_unsent: true, ...said }
  }
  const limit = code === null ? undefined : limits[code]
  if (limit) {
    const { seconds, ofNumber } = limit
    return {
      ...{ outcome: 'postponed', wait_seconds: seconds, is_unsent: true, ...said },
      ...(ofNumber && { block_seconds: seconds }),
    }
  }
  if (outcome === 'retry')
    return {
      ...{ outcome: 'failed', is_unsent: true, ...said },
      ...(retry_after_seconds !== null && { block_seconds: retry_after_seconds }),
    }
  return { ...final(said.error), error_code: code }
}

const final = (error: string): Attempt => ({ outcome: 'dropped', is_final: true, error })
