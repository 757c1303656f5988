import { admin, sql } from '../../db/index.ts'
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
import { type MpesaAccount, ringPhone, signIn } from '../mpesa/daraja.ts'

/** What M-Pesa needs to ring a phone, as private.read_push() gives it. */
interface Ready {
  stop: 'over' | 'opted_out' | 'bot_off' | 'too_late' | null
  ref_id: string
  order_ref: string
  bot_id: string
  phone: string
  amount_minor: number
  plan_name: string
}
type Ending = Pick<ItemResult, 'outcome'>

// All of these use the service's own connection, because no caller may read or write the queue.
const queue: Queue<LeasedItem, ItemResult> = {
  name: 'bot_pushes',
  expand: async () => 0,

  claim: (batch, slowBatch) => claimItems('bot_pushes', batch, slowBatch),

  async send({ is_slow: _, ...item }) {
    const startedAt = performance.now()
    const ending = await push(item.tenant_id, item.item_id).catch((thrown): Ending => {
      log('error', { function: 'bots', event: 'push_failed', error: String(thrown), item: item.item_id })
      return { outcome: 'failed' }
    })
    const duration_ms = Math.round(performance.now() - startedAt)
    return { ...item, ...ending, duration_ms, block_seconds: null, stop_reason: null }
  },

  complete: (results, slot) => completeItems('bot_pushes', results, slot),

  laneName: ({ lane_id }) => lane_id,
}

/** Has M-Pesa ring the phones of those who chose a plan, until nothing is left or the limits are reached. */
export function pushPayments(limits: Partial<DispatchLimits> = {}): Promise<DispatchReport> {
  return dispatch(queue, limits)
}

/**
 * Rings one phone, once. What is certainly unsent is tried again. Of all else nobody knows how it ended: the callback tells how M-Pesa calls
 * the payment, or a person looks.
 */
async function push(tenantId: string, subscription: string): Promise<Ending> {
  const [ready] = await admin.query<Ready>(sql`
    select p.stop, p.ref_id, p.order_ref, p.bot_id, p.phone, p.amount_minor::float8 as amount_minor, p.plan_name
    from private.read_push(${tenantId}, ${subscription}) as p`)
  if (!ready || ready.stop === 'over') return { outcome: 'dropped' }
  if (ready.stop) return giveUp(tenantId, subscription, ready.stop)
  const [account] = await admin.query<MpesaAccount>(sql`
    select a.* from private.read_bot_mpesa(${tenantId}, ${ready.bot_id}) as a`)
  if (!account) return giveUp(tenantId, subscription, 'no_account')
  const signed = await signIn(account)
  if ('problem' in signed) {
    await note(tenantId, ready.bot_id, signed.problem)
    return signed.problem === 'credentials'
      ? giveUp(tenantId, subscription, 'credentials')
      : { outcome: 'failed' }
  }
  const { token } = await admin.one<{ token: string | null }>(sql`
    select private.begin_push(${tenantId}, ${subscription}) as token`)
  // A worker before this one was stopped while M-Pesa was asked. The phone may have rung.
  if (token === null) return { outcome: 'dropped' }
  const answer = await ringPhone(account, signed.token, {
    phone: ready.phone,
    amountShillings: ready.amount_minor / 100,
    // The end of it, because the beginning is the time and alike for many.
    reference: ready.order_ref.slice(-12),
    description: 'Subscription',
    callbackUrl: callbackUrl(ready.ref_id, token),
  })
  switch (answer.outcome) {
    case 'taken':
      await end(tenantId, subscription, { checkout: answer.checkout })
      await note(tenantId, ready.bot_id, null)
      return { outcome: 'succeeded' }
    case 'refused':
      await note(tenantId, ready.bot_id, 'refused')
      return giveUp(tenantId, subscription, 'refused')
    case 'unsent':
      await end(tenantId, subscription, {})
      await note(tenantId, ready.bot_id, answer.problem)
      return { outcome: 'failed' }
    case 'unclear':
      return { outcome: 'dropped' }
  }
}

async function giveUp(tenantId: string, subscription: string, failure: string): Promise<Ending> {
  await end(tenantId, subscription, { failure })
  return { outcome: 'dropped' }
}

async function end(
  tenantId: string,
  subscription: string,
  { checkout = null, failure = null }: { checkout?: string | null; failure?: string | null },
): Promise<void> {
  await admin.query(sql`select private.end_push(${tenantId}, ${subscription}, ${checkout}, ${failure})`)
}

async function note(tenantId: string, bot: string, problem: string | null): Promise<void> {
  await admin.query(sql`select private.note_mpesa_problem(${tenantId}, ${bot}, ${problem})`)
}

/** Safaricom refuses addresses with its own names in them, so the path has none. */
const callbackUrl = (ref: string, token: string) =>
  `${(process.env.SUPABASE_URL ?? '').replace(/\/+$/, '')}/functions/v1/bots/checkouts/${ref}/${token}`
