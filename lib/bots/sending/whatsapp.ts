import { z } from 'zod'
import { graphUrl, postToProvider, type Verdict } from '../../notifications/index.ts'

export interface WhatsappText {
  phone_number_id: string
  access_token: string
  /** Digits; or the id of a user who hides the number. */
  to: string | { user_id: string }
  text: string
  /** Comes back with each status. */
  reference: string
}

export interface WhatsappVerdict extends Verdict {
  /** Meta's number of the error. */
  code: number | null
}

const Taken = z.object({ messages: z.tuple([z.object({ id: z.string() })]).rest(z.unknown()) })
const Refused = z.object({ error: z.object({ code: z.int(), message: z.string() }) })

/**
 * Sends a text by WhatsApp. What a code means is for the caller: Meta's statuses of HTTP say little.
 * Source: developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes.
 */
export async function sendText({
  phone_number_id,
  access_token,
  to,
  text,
  reference,
}: WhatsappText): Promise<WhatsappVerdict> {
  let code: number | null = null
  const verdict = await postToProvider(
    {
      url: graphUrl(`${phone_number_id}/messages`),
      headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        messaging_product: 'whatsapp',
        recipient_type: 'individual',
        ...(typeof to === 'string' ? { to } : { recipient: to.user_id }),
        type: 'text',
        text: { body: text, preview_url: false },
        biz_opaque_callback_data: reference,
      }),
    },
    ({ status, json }) => {
      const taken = Taken.safeParse(json).data
      if (taken) return { provider_id: taken.messages[0].id, outcome: 'sent' }
      code = Refused.safeParse(json).data?.error.code ?? null
      // An answer without an id or an error: nobody knows.
      return status < 300 ? { outcome: 'ambiguous' } : {}
    },
  )
  return { ...verdict, code }
}
