import { z } from 'zod'
import { SendgridSettings } from '../senders/settings.ts'
import { type CallbackEvent, type CallbackRequest, jobOf, parseJson } from './event.ts'
import { fromBase64, fromDer } from './signatures.ts'

/**
 * Whether SendGrid signed a callback: ECDSA over the header's moment and the body, with the key of its event webhook.
 * Source: sendgrid.com/docs/for-developers/tracking-events/getting-started-event-webhook-security-features.
 */
export async function verifySendgrid({ headers, body }: CallbackRequest, config: unknown): Promise<boolean> {
  const spki = fromBase64(SendgridSettings.loose().parse(config).event_key ?? '')
  const signature = fromDer(fromBase64(headers.get('x-twilio-email-event-webhook-signature') ?? ''))
  const moment = headers.get('x-twilio-email-event-webhook-timestamp') ?? ''
  if (spki.length === 0 || !signature || !/^[0-9]{1,20}$/.test(moment)) return false
  const prefix = new TextEncoder().encode(moment)
  const signed = new Uint8Array(prefix.length + body.length)
  signed.set(prefix)
  signed.set(body, prefix.length)
  try {
    const curve = { name: 'ECDSA', namedCurve: 'P-256' }
    const bytes = spki as Uint8Array<ArrayBuffer>
    const key = await crypto.subtle.importKey('spki', bytes, curve, false, ['verify'])
    const hash = { name: 'ECDSA', hash: 'SHA-256' }
    return await crypto.subtle.verify(hash, key, signature as Uint8Array<ArrayBuffer>, signed)
  } catch {
    // A key that is none.
    return false
  }
}

const Event = z.object({
  event: z.string(),
  sg_event_id: z.string().min(1).max(200),
  sg_message_id: z.string().max(300).optional(),
  email: z.string().max(320).optional(),
  job: z.string().optional(),
  type: z.string().optional(),
  reason: z.string().optional(),
})

/** The events of a callback of SendGrid, without those of opening and clicking. */
export function readSendgrid({ body }: CallbackRequest): CallbackEvent[] | undefined {
  const sent = parseJson(body)
  if (!Array.isArray(sent)) return undefined
  return sent.flatMap((each) => {
    const event = Event.safeParse(each).data
    const meaning = event && meaningOf(event)
    if (!event || !meaning) return []
    return {
      event_id: event.sg_event_id,
      ...jobOf(event.job),
      // What the API answered, followed by how it was split up.
      message_id: event.sg_message_id?.split('.')[0] ?? null,
      ...meaning,
      address: event.email ?? null,
      detail: event.reason ?? event.event,
    }
  })
}

function meaningOf({
  event,
  type,
}: z.output<typeof Event>): Pick<CallbackEvent, 'status' | 'feedback'> | undefined {
  switch (event) {
    case 'processed':
      return { status: 'sent', feedback: null }
    case 'delivered':
      return { status: 'delivered', feedback: null }
    case 'bounce':
      return { status: 'failed', feedback: type === 'blocked' ? 'soft' : 'hard' }
    case 'dropped':
      return { status: 'failed', feedback: null }
    case 'spamreport':
      return { status: null, feedback: 'complaint' }
    case 'unsubscribe':
    case 'group_unsubscribe':
      return { status: null, feedback: 'unsubscribed' }
    default:
      return undefined
  }
}
