import { Buffer } from 'node:buffer'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { fetchPublic, NetFault } from '../../net/index.ts'

/** Where contacts pay to, and with which secrets M-Pesa is asked: private.read_bot_mpesa(). */
export interface MpesaAccount {
  shortcode: string
  /** Of a shop that sells goods. */
  till_number: string | null
  base_url: string
  consumer_key: string
  consumer_secret: string
  passkey: string
}

export interface Push {
  phone: string
  amountShillings: number
  /** At most 12 characters: the payer reads it. */
  reference: string
  /** At most 13 characters. */
  description: string
  callbackUrl: string
}

/** What became of asking M-Pesa to ring a phone. */
export type PushAnswer =
  | { outcome: 'taken'; checkout: string }
  /** For good: the same request is refused tomorrow. */
  | { outcome: 'refused'; code: string }
  /** The phone does not ring, and M-Pesa may be asked again. */
  | { outcome: 'unsent'; problem: 'unreachable' | 'credentials' | 'busy' }
  /** Nobody knows whether the phone rings. */
  | { outcome: 'unclear' }

/** How a payment stands. `unclear` is asked again. */
export type PaymentAnswer =
  | { outcome: 'paid' | 'failed'; code: string; words: Record<string, unknown> }
  | { outcome: 'unclear' }

// The shapes of Daraja's M-Pesa Express, as others have written them down, because the portal of Safaricom needs an account:
// dev.to/msnmongare/m-pesa-express-stk-push-api-guide-40a2; jeffnyauke.github.io/mpesa-sdk-kotlin (StkPushQueryResponse).
const Token = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().catch(3_599) })
const Taken = z.object({
  ResponseCode: z.literal('0'),
  CheckoutRequestID: z.string().regex(/^[!-~]{1,100}$/),
})
const Refused = z.object({ errorCode: z.string(), errorMessage: z.string().optional() })
const Status = z.object({
  CheckoutRequestID: z.string(),
  ResponseCode: z.coerce.string(),
  // As text, and from some of its servers as a number.
  ResultCode: z.coerce.string(),
})

const timeoutMs = 15_000
const maxBytes = 65_536

/**
 * Result codes that end a payment: no balance, a session of the payer that is busy, expired, not delivered, cancelled, no answer, a wrong PIN.
 * Whatever is not here is asked again. While the payer types, the query answers the error 500.001.1001 ("The transaction is being
 * processed"). Sources: github.com/safaricom/LNMOnlineAndroidSample/issues/13;
 * kenzobe.com/blog/mpesa-daraja-api-errors; paylod.dev/docs/errors. None of them is Safaricom's own.
 */
const failures: Record<string, string> = {
  1: 'insufficient_funds',
  1001: 'busy',
  1019: 'expired',
  1025: 'not_delivered',
  1032: 'cancelled',
  1037: 'no_answer',
  2001: 'wrong_pin',
  9999: 'not_delivered',
}

/** M-Pesa did nothing with a push that got one of these: an old token, a subscriber who is busy, too many requests. */
const passing: Record<string, 'credentials' | 'busy'> = {
  '404.001.03': 'credentials',
  '500.001.1001': 'busy',
  '500.003.02': 'busy',
}

/** A token is good for an hour. */
const tokens = new LRUCache<string, string>({ max: 500 })
const keyOf = ({ base_url, consumer_key, consumer_secret }: MpesaAccount) =>
  JSON.stringify([base_url, consumer_key, consumer_secret])

/** The name of a failure, as it stands in the reason of a subscription. */
export const failureName = (code: string) => failures[code] ?? `mpesa_${code}`

/** An access token; or why there is none. Nothing has happened then. */
export async function signIn(
  account: MpesaAccount,
): Promise<{ token: string } | { problem: 'unreachable' | 'credentials' }> {
  const known = tokens.get(keyOf(account))
  if (known) return { token: known }
  const basic = Buffer.from(`${account.consumer_key}:${account.consumer_secret}`).toString('base64')
  try {
    const answer = await fetchPublic(`${account.base_url}/oauth/v1/generate?grant_type=client_credentials`, {
      method: 'GET',
      headers: { authorization: `Basic ${basic}` },
      timeoutMs,
      maxBytes,
    })
    if (answer.status === 400 || answer.status === 401 || answer.status === 403)
      return { problem: 'credentials' }
    const given = Token.safeParse(parsed(answer.bytes)).data
    if (answer.status !== 200 || !given) return { problem: 'unreachable' }
    // A minute less, so that no request begins with one that ends on the way.
    const seconds = given.expires_in - 60
    if (seconds > 0) tokens.set(keyOf(account), given.access_token, { ttl: seconds * 1_000 })
    return { token: given.access_token }
  } catch (thrown) {
    if (!(thrown instanceof NetFault)) throw thrown
    return { problem: 'unreachable' }
  }
}

/** Has M-Pesa ring a phone and ask for the PIN. It is never asked twice: an end that is unclear stays so until M-Pesa tells. */
export async function ringPhone(account: MpesaAccount, token: string, push: Push): Promise<PushAnswer> {
  const isTill = account.till_number !== null
  const answer = await ask(account, token, '/mpesa/stkpush/v1/processrequest', {
    TransactionType: isTill ? 'CustomerBuyGoodsOnline' : 'CustomerPayBillOnline',
    Amount: push.amountShillings,
    PartyA: push.phone,
    PartyB: account.till_number ?? account.shortcode,
    PhoneNumber: push.phone,
    CallBackURL: push.callbackUrl,
    AccountReference: push.reference,
    TransactionDesc: push.description,
  })
  if ('isUnsent' in answer)
    return answer.isUnsent ? { outcome: 'unsent', problem: 'unreachable' } : { outcome: 'unclear' }
  const taken = Taken.safeParse(answer.json).data
  if (taken) return { outcome: 'taken', checkout: taken.CheckoutRequestID }
  const refused = Refused.safeParse(answer.json).data?.errorCode
  const passes = refused === undefined ? undefined : passing[refused]
  if (passes === 'credentials' || answer.status === 401) {
    tokens.delete(keyOf(account))
    return { outcome: 'unsent', problem: 'credentials' }
  }
  if (passes || answer.status === 429) return { outcome: 'unsent', problem: 'busy' }
  if (refused?.startsWith('400.')) return { outcome: 'refused', code: refused }
  return { outcome: 'unclear' }
}

/** Asks M-Pesa how a payment stands. This alone is believed, because nobody signs the callbacks. */
export async function askPayment(
  account: MpesaAccount,
  token: string,
  checkout: string,
): Promise<PaymentAnswer> {
  const answer = await ask(account, token, '/mpesa/stkpushquery/v1/query', { CheckoutRequestID: checkout })
  if ('isUnsent' in answer) return { outcome: 'unclear' }
  if (answer.status === 401 || Refused.safeParse(answer.json).data?.errorCode === '404.001.03')
    tokens.delete(keyOf(account))
  const status = answer.status === 200 ? Status.safeParse(answer.json).data : undefined
  // An answer about another payment says nothing of this one.
  if (status?.ResponseCode !== '0' || status.CheckoutRequestID !== checkout) return { outcome: 'unclear' }
  const code = status.ResultCode
  const words = answer.json as Record<string, unknown>
  if (code === '0') return { outcome: 'paid', code, words }
  return code in failures ? { outcome: 'failed', code, words } : { outcome: 'unclear' }
}

async function ask(
  account: MpesaAccount,
  token: string,
  path: string,
  request: Record<string, unknown>,
): Promise<{ status: number; json: unknown } | { isUnsent: boolean }> {
  const timestamp = momentInNairobi()
  const password = Buffer.from(`${account.shortcode}${account.passkey}${timestamp}`).toString('base64')
  const signed = {
    BusinessShortCode: account.shortcode,
    Password: password,
    Timestamp: timestamp,
    ...request,
  }
  try {
    const { status, bytes } = await fetchPublic(`${account.base_url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(signed),
      timeoutMs,
      maxBytes,
    })
    return { status, json: parsed(bytes) }
  } catch (thrown) {
    if (!(thrown instanceof NetFault)) throw thrown
    return { isUnsent: thrown.isUnsent }
  }
}

/** M-Pesa's clock: YYYYMMDDHHmmss in Nairobi, which is three hours ahead all year. */
function momentInNairobi(now = Date.now()): string {
  return new Date(now + 3 * 3_600_000).toISOString().replace(/\D/g, '').slice(0, 14)
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return null
  }
}
