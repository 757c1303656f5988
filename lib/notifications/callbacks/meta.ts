import { z } from 'zod'
import { WhatsappSettings } from '../senders/settings.ts'
import { type CallbackEvent, type CallbackRequest, jobOf, numberOf, parseJson } from './event.ts'
import { isHmac } from './signatures.ts'

/**
 * Whether Meta signed a callback (header x-hub-signature-256): HMAC-SHA256 with the app's secret over the body.
 * Source: developers.facebook.com/docs/graph-api/webhooks/getting-started.
 */
export async function isSignedByMeta(
  headers: Pick<Headers, 'get'>,
  body: Uint8Array,
  appSecret: string,
): Promise<boolean> {
  const hex = /^sha256=([0-9a-f]{64})$/.exec(headers.get('x-hub-signature-256') ?? '')?.[1]
  if (!hex) return false
  const signature = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
  return isHmac('SHA-256', appSecret, body, signature)
}

/** What Meta wants to be answered when a callback is set up. Undefined if it does not know the token. */
export function answerMeta(query: URLSearchParams, config: unknown): string | undefined {
  const { verify_token } = WhatsappSettings.loose().parse(config)
  const challenge = query.get('hub.challenge') ?? ''
  const isMeta = query.get('hub.mode') === 'subscribe' && query.get('hub.verify_token') === verify_token
  return isMeta && verify_token !== undefined && /^[\w-]{1,200}$/.test(challenge) ? challenge : undefined
}

const Status = z.object({
  id: z.string().min(1).max(250),
  status: z.string(),
  recipient_id: z.string().optional(),
  biz_opaque_callback_data: z.string().optional(),
  errors: z.array(z.object({ code: z.number(), title: z.string().optional() })).optional(),
})
const Callback = z.object({
  entry: z.array(
    z.object({
      changes: z.array(z.object({ value: z.object({ statuses: z.array(z.unknown()).optional() }) })),
    }),
  ),
})

const statuses: Record<string, CallbackEvent['status']> = {
  sent: 'sent',
  delivered: 'delivered',
  read: 'delivered',
  failed: 'failed',
}
/** Meta's numbers: the reader stopped such messages, and a number that cannot be reached by WhatsApp. */
const stopped = 131_050
const unreachable = 131_026

/** The statuses of a callback of Meta. What people write is passed over. */
export function readMeta({ body }: CallbackRequest): CallbackEvent[] | undefined {
  const callback = Callback.safeParse(parseJson(body)).data
  if (!callback) return undefined
  const sent = callback.entry.flatMap(({ changes }) => changes.flatMap(({ value }) => value.statuses ?? []))
  return sent.flatMap((each) => {
    const said = Status.safeParse(each).data
    const status = said && statuses[said.status]
    if (!said || !status) return []
    const error = said.errors?.[0]
    return {
      event_id: `${said.id} ${said.status}`,
      ...jobOf(said.biz_opaque_callback_data),
      message_id: said.id,
      status,
      feedback: error?.code === stopped ? 'unsubscribed' : error?.code === unreachable ? 'soft' : null,
      address: numberOf(said.recipient_id),
      detail: error ? `${error.code} ${error.title ?? ''}` : said.status,
    }
  })
}
