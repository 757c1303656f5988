import { Buffer } from 'node:buffer'
import { z } from 'zod'
import { admin, sql } from '../../db/index.ts'
import { log } from '../../runtime/index.ts'
import { takePaymentEvent } from '../../usage/index.ts'
import { askPayment, failureName, type MpesaAccount, type PaymentAnswer, signIn } from '../mpesa/daraja.ts'
import type { CheckedCheckouts } from './schema.ts'
import { tellSubscribers } from './telling.ts'

/** An order that M-Pesa is to be asked about now. */
interface Due {
  tenant_id: string
  bot_id: string
  checkout: string
  amount_minor: number
  currency: string
}

const batchSize = 50

/** What a callback of M-Pesa is in the least. Whatever else it says is not believed. */
const Callback = z.object({
  Body: z.object({
    stkCallback: z.object({ CheckoutRequestID: z.string().regex(/^[!-~]{1,100}$/) }),
  }),
})

/** Takes a callback, which nobody signed: M-Pesa is only asked now and not later. */
export async function hearCheckout(ref: string, token: string, body: Uint8Array): Promise<void> {
  const heard = Callback.safeParse(parsed(body)).data?.Body.stkCallback.CheckoutRequestID
  if (heard) await admin.query(sql`select private.hear_checkout(${ref}, ${token}, ${heard})`)
}

/**
 * Asks M-Pesa how the payments stand that are open, and tells the contacts. What it says is an event of the payment inbox, so that one function
 * settles all money, once.
 */
export async function checkCheckouts(): Promise<CheckedCheckouts> {
  const due = await admin.query<Due>(sql`
    select o.tenant_id, s.bot_id, o.provider_order_id as checkout, s.amount_minor::float8 as amount_minor, s.currency
    from private.claim_open_orders(${batchSize}, '{mpesa}', '20 seconds') as o
    join public.contact_subscriptions as s on s.tenant_id = o.tenant_id and s.order_id = o.id`)
  const sum = { asked: 0, settled: 0, told: 0 }
  const ofBots = new Map<string, Due[]>()
  for (const order of due) {
    const bot = `${order.tenant_id} ${order.bot_id}`
    ofBots.set(bot, [...(ofBots.get(bot) ?? []), order])
  }
  await Promise.all(
    [...ofBots.values()].map((orders) =>
      askAbout(orders, sum).catch((thrown) =>
        // One bot must not keep the others waiting. Its orders are asked about again.
        log('error', { function: 'bots', event: 'checkout_check_failed', error: String(thrown) }),
      ),
    ),
  )
  return { ...sum, told: await tellSubscribers() }
}

async function askAbout(orders: Due[], sum: CheckedCheckouts): Promise<void> {
  const { tenant_id, bot_id } = orders[0]!
  const [account] = await admin.query<MpesaAccount>(sql`
    select a.* from private.read_bot_mpesa(${tenant_id}, ${bot_id}) as a`)
  const signed = account && (await signIn(account))
  if (!signed || 'problem' in signed) return
  for (const order of orders) {
    const answer = await askPayment(account, signed.token, order.checkout)
    sum.asked++
    if (answer.outcome === 'unclear') continue
    if ((await settle(order, answer)) === 'applied') sum.settled++
  }
}

/** The query names no sum: M-Pesa takes the one that it was asked to take, or nothing. */
function settle(
  { checkout, amount_minor, currency }: Due,
  { outcome, code, words }: Exclude<PaymentAnswer, { outcome: 'unclear' }>,
) {
  const what = outcome === 'paid' ? 'captured' : 'failed'
  return takePaymentEvent(admin, 'mpesa', {
    id: `asked:${what}:${checkout}`,
    body: Buffer.from(JSON.stringify(words)),
    fact: {
      ...{ what, order_id: checkout, payment_id: checkout, amount_minor, currency },
      ...(outcome === 'failed' && { reason: failureName(code) }),
    },
  })
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return null
  }
}
