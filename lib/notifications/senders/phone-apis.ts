import { z } from 'zod'
import { postToProvider } from './http.ts'
import type { PhoneMessage, Verdict } from './message.ts'
import {
  graphUrl,
  type Msg91Settings,
  providerUrl,
  type TwilioSettings,
  type WhatsappSettings,
} from './settings.ts'

const TwilioAnswer = z.object({ sid: z.string() })

/** Sends an SMS by Twilio. */
export function sendByTwilio(
  { account_sid, from, messaging_service_sid }: TwilioSettings,
  token: string,
  { to, text, callback }: PhoneMessage,
  url = providerUrl('twilio'),
): Promise<Verdict> {
  const sender: Record<string, string> =
    from === undefined ? { MessagingServiceSid: messaging_service_sid ?? '' } : { From: from }
  // Twilio calls nothing that it cannot reach.
  const told: Record<string, string> = callback?.url.startsWith('https://')
    ? { StatusCallback: `${callback.url}?job=${callback.reference}` }
    : {}
  return postToProvider(
    {
      url: `${url}/2010-04-01/Accounts/${account_sid}/Messages.json`,
      headers: {
        authorization: `Basic ${btoa(`${account_sid}:${token}`)}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({ To: to, ...sender, Body: text, ...told }).toString(),
    },
    ({ status, json }) => ({
      provider_id: status === 201 ? (TwilioAnswer.safeParse(json).data?.sid ?? null) : null,
    }),
  )
}

const Msg91Answer = z.object({ type: z.string(), message: z.string(), code: z.coerce.string().optional() })

/** Sends an SMS by a flow of MSG91. Its template has one variable, "text". */
export function sendByMsg91(
  { template_id }: Msg91Settings,
  authKey: string,
  { to, text }: PhoneMessage,
  url = providerUrl('msg91'),
): Promise<Verdict> {
  return postToProvider(
    {
      url: `${url}/api/v5/flow`,
      headers: { authkey: authKey, 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ template_id, recipients: [{ mobiles: to.slice(1), text }] }),
    },
    // It says no with 200 as well.
    ({ status, json }) => {
      const answer = Msg91Answer.safeParse(json).data
      if (!answer || status >= 400) return {}
      if (answer.type === 'success') return { provider_id: answer.message }
      const isKey = /auth/i.test(answer.message)
      return { outcome: isKey ? 'credentials' : 'failed' }
    },
  )
}

const MetaAnswer = z.object({ messages: z.tuple([z.object({ id: z.string() })]).rest(z.unknown()) })
const MetaError = z.object({ error: z.object({ code: z.number(), message: z.string() }) })

/** Meta's numbers: a token that does not count, and limits that pass. All others are final. */
const tokenCodes = [0, 10, 190]
const limitCodes = [1, 2, 4, 80_007, 130_429, 131_016, 131_048, 131_056]

/** Sends a WhatsApp message: an approved template, whose body has the text as its one variable. */
export function sendByWhatsapp(
  { phone_number_id, template }: WhatsappSettings,
  token: string,
  { to, text, locale, callback }: PhoneMessage,
  url = providerUrl('whatsapp'),
): Promise<Verdict> {
  const body = {
    messaging_product: 'whatsapp',
    to: to.slice(1),
    type: 'template',
    ...(callback && { biz_opaque_callback_data: callback.reference }),
    template: {
      name: template,
      language: { code: locale.replace('-', '_') },
      components: [{ type: 'body', parameters: [{ type: 'text', text }] }],
    },
  }
  return postToProvider(
    {
      url: graphUrl(`${phone_number_id}/messages`, url),
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    },
    ({ status, json }) => {
      const taken = MetaAnswer.safeParse(json).data
      if (taken) return { provider_id: taken.messages[0].id }
      const code = MetaError.safeParse(json).data?.error.code
      if (code === undefined || status >= 500) return {}
      if (tokenCodes.includes(code)) return { outcome: 'credentials' }
      return { outcome: limitCodes.includes(code) ? 'retry' : 'failed' }
    },
  )
}
