import { randomInt, randomUUID } from 'node:crypto'

/** A prompt on a phone: somebody is asked for the PIN. Nothing is ever paid here. */
export interface Prompt {
  merchant: string
  checkout: string
  shortcode: string
  phone: string
  amount: number
  reference: string
  description: string
  callback: string
  at: number
  /** Daraja's code of how it ended. Null while the phone rings. */
  result: number | null
  receipt: string | null
}

/** How the till misbehaves, so that whoever speaks to it can be tested. A count goes down with each time. */
export interface DarajaMisbehaviour {
  /** The next pushes ring the phone, and the connection ends without an answer. */
  lost_answers?: number
  /** The next pushes ring the phone, and no answer comes for ten minutes. */
  silent_answers?: number
  /** The next requests of any kind are answered with 503, and nothing is done. */
  server_errors?: number
  /** The next pushes are refused with this errorCode. */
  refuse?: { errorCode: string; status: number; times: number }
  /** So many queries after the end still say that it is being processed. */
  slow_queries?: number
  /** The next queries get no answer. */
  silent_queries?: number
  /** Each callback is posted so many times more. */
  duplicates?: number
  callback_delay_ms?: number
  /** No callback comes. */
  no_callbacks?: boolean
  /** What each phone does by itself, as Daraja's code. Without it somebody uses the page. */
  phones?: number
}

/** Daraja's results, roughly in its words: kenzobe.com/blog/mpesa-daraja-api-errors. The codes count, and not the words. */
export const resultWords: Record<number, string> = {
  0: 'The service request is processed successfully.',
  1: 'The balance is insufficient for the transaction.',
  1001: 'Unable to lock subscriber, a transaction is already in process for the current subscriber',
  1019: 'Transaction expired. No MO has been received',
  1032: 'Request cancelled by user',
  1037: 'DS timeout user cannot be reached',
  2001: 'The initiator information is invalid.',
}

const ringsMs = 60_000

/** What stands for Safaricom: phones that ring, and what became of it. */
export class Till {
  readonly prompts = new Map<string, Prompt>()
  misbehaviour: DarajaMisbehaviour = {}
  readonly #timers = new Set<ReturnType<typeof setTimeout>>()

  /** Whether this happens now. What happens a number of times happens once less from here on. */
  happens(
    what: 'lost_answers' | 'silent_answers' | 'server_errors' | 'slow_queries' | 'silent_queries',
  ): boolean {
    const left = this.misbehaviour[what] ?? 0
    if (left > 0) this.misbehaviour[what] = left - 1
    return left > 0
  }

  ring(wanted: Omit<Prompt, 'merchant' | 'checkout' | 'at' | 'result' | 'receipt'>): Prompt {
    const prompt: Prompt = {
      ...wanted,
      merchant: `${randomInt(1e4, 1e5)}-${randomInt(1e7, 1e8)}-1`,
      checkout: `ws_CO_${stamp()}${randomInt(1e8, 1e9)}`,
      at: Date.now(),
      result: null,
      receipt: null,
    }
    this.prompts.set(prompt.checkout, prompt)
    const { phones } = this.misbehaviour
    this.#later(phones === undefined ? ringsMs : 5, () => this.end(prompt, phones ?? 1037))
    return prompt
  }

  /** The phone rings no more, and the business hears of it. */
  end(prompt: Prompt, result: number): void {
    if (prompt.result !== null) return
    prompt.result = result
    if (result === 0) prompt.receipt = `L${randomUUID().replaceAll('-', '').slice(0, 9).toUpperCase()}`
    const { no_callbacks, duplicates = 0, callback_delay_ms = 0 } = this.misbehaviour
    if (no_callbacks) return
    for (let n = 0; n <= duplicates; n++)
      this.#later(callback_delay_ms + n * 20, () => void this.tell(prompt))
  }

  /** Posts the callback once. Daraja does not try again either, and signs nothing. */
  async tell(prompt: Prompt): Promise<number | undefined> {
    try {
      const answer = await fetch(prompt.callback, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(callbackOf(prompt)),
        signal: AbortSignal.timeout(10_000),
      })
      await answer.body?.cancel()
      return answer.status
    } catch {
      return undefined
    }
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer)
  }

  #later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      work()
    }, ms)
    timer.unref()
    this.#timers.add(timer)
  }
}

/** What Daraja posts when a prompt has ended. */
export function callbackOf({ merchant, checkout, result, amount, receipt, phone }: Prompt): object {
  const items = [
    { Name: 'Amount', Value: amount },
    { Name: 'MpesaReceiptNumber', Value: receipt },
    { Name: 'Balance' },
    { Name: 'TransactionDate', Value: Number(stamp()) },
    { Name: 'PhoneNumber', Value: Number(phone) },
  ]
  return {
    Body: {
      stkCallback: {
        MerchantRequestID: merchant,
        CheckoutRequestID: checkout,
        ResultCode: result,
        ResultDesc: resultWords[result ?? 0],
        ...(result === 0 && { CallbackMetadata: { Item: items } }),
      },
    },
  }
}

function stamp(): string {
  return new Date(Date.now() + 3 * 3_600_000).toISOString().replace(/\D/g, '').slice(0, 14)
}
