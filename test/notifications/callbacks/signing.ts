import { createHmac, createSign, generateKeyPairSync, randomUUID } from 'node:crypto'
import twilio from 'twilio'
import type { CallbackRequest } from '../../../lib/notifications/callbacks/event.ts'

/** A callback as a provider sends it. */
export interface Signed {
  search?: string
  headers: Record<string, string>
  body: string
}

const formType = 'application/x-www-form-urlencoded'

/** Signed by Twilio's own library. */
export function byTwilio(
  url: string,
  token: string,
  fields: Record<string, string>,
  reference?: string,
): Signed {
  const search = reference ? `?job=${reference}` : ''
  return {
    search,
    headers: {
      'content-type': formType,
      'x-twilio-signature': twilio.getExpectedTwilioSignature(token, url + search, fields),
    },
    body: new URLSearchParams(fields).toString(),
  }
}

/** The keys of an event webhook, the public one as SendGrid shows it. */
export function sendgridKeys() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { privateKey, event_key: publicKey.export({ type: 'spki', format: 'der' }).toString('base64') }
}

export function bySendgrid(
  privateKey: ReturnType<typeof sendgridKeys>['privateKey'],
  events: unknown,
  moment = String(Math.floor(Date.now() / 1_000)),
): Signed {
  const body = JSON.stringify(events)
  return {
    headers: {
      'content-type': 'application/json',
      'x-twilio-email-event-webhook-timestamp': moment,
      'x-twilio-email-event-webhook-signature': createSign('sha256')
        .update(moment + body)
        .sign(privateKey, 'base64'),
    },
    body,
  }
}

export function byMeta(appSecret: string, statuses: object[]): Signed {
  const body = JSON.stringify({
    object: 'whatsapp_business_account',
    entry: [
      { id: '1', changes: [{ field: 'messages', value: { messaging_product: 'whatsapp', statuses } }] },
    ],
  })
  const signature = createHmac('sha256', appSecret).update(body).digest('hex')
  return {
    headers: { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` },
    body,
  }
}

export function byMsg91(secret: string, reports: object[], requestId: string): Signed {
  const data = JSON.stringify([
    { senderId: 'TENANT', requestId, report: reports, userId: '1', campaignName: 'API' },
  ])
  return {
    headers: { 'content-type': formType, authorization: `Bearer ${secret}` },
    body: new URLSearchParams({ data }).toString(),
  }
}

export const freshSid = () => `SM${randomUUID().replaceAll('-', '')}`

export const url = 'https://x.supabase.co/functions/v1/notifications/callbacks/01JD3N8Q4ZB6T2V9XK5M7R0C1E'
export const requestOf = ({ search = '', headers, body }: Signed): CallbackRequest => ({
  url: url + search,
  headers: new Headers(headers),
  body: new TextEncoder().encode(body),
})
export const nothing = { config: {}, secret: null, callback_secret: null }
export const job = '0f8e5a34-4c58-4c36-9d0e-51e0ea6b2f11.6f1c5b1e-6d0e-4c0a-9d5e-0c6f1f0a2b3c'
