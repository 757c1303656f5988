import { type CallbackEvent, type CallbackRequest, jobOf, numberOf } from './event.ts'
import { fromBase64, isHmac } from './signatures.ts'

/**
 * Whether Twilio signed a callback (header x-twilio-signature): HMAC-SHA1 with the account's token over the URL and the
 * sorted fields of the form. Source: twilio.com/docs/usage/security.
 */
export async function verifyTwilio({ url, headers, body }: CallbackRequest, token: string): Promise<boolean> {
  const form = formOf(body)
  const names = [...new Set(form.keys())].sort()
  const fields = names.flatMap((name) => [...new Set(form.getAll(name))].sort().map((value) => name + value))
  const signed = new TextEncoder().encode(url + fields.join(''))
  return isHmac('SHA-1', token, signed, fromBase64(headers.get('x-twilio-signature') ?? ''))
}

const statuses: Record<string, CallbackEvent['status']> = {
  queued: 'sent',
  accepted: 'sent',
  sending: 'sent',
  sent: 'sent',
  delivered: 'delivered',
  read: 'delivered',
  undelivered: 'failed',
  failed: 'failed',
}
/** Twilio's numbers: the reader answered STOP, there is no such number, or it is no mobile phone. */
const stopped = '21610'
const gone = ['21211', '21614', '30005', '30006']
/** The phone is off, out of reach or full. */
const passing = ['30003', '30008']

/** The one event of a callback of Twilio. */
export function readTwilio({ url, body }: CallbackRequest): CallbackEvent[] {
  const form = formOf(body)
  const [sid, said] = [form.get('MessageSid'), form.get('MessageStatus')]
  const status = statuses[said ?? '']
  if (!sid || !status || sid.length > 100) return []
  const code = form.get('ErrorCode') ?? ''
  return [
    {
      event_id: `${sid} ${said}`,
      ...jobOf(new URL(url).searchParams.get('job')),
      message_id: sid,
      status,
      feedback: status === 'failed' ? feedbackOf(code) : null,
      address: numberOf(form.get('To')),
      detail: `${said}${code && `, error ${code.slice(0, 20)}`}`,
    },
  ]
}

function feedbackOf(code: string): CallbackEvent['feedback'] {
  if (code === stopped) return 'unsubscribed'
  if (gone.includes(code)) return 'hard'
  return passing.includes(code) ? 'soft' : null
}

function formOf(body: Uint8Array): URLSearchParams {
  return new URLSearchParams(new TextDecoder().decode(body))
}
