import { createHmac, createSign, generateKeyPairSync, randomUUID } from 'node:crypto'
import twilio from 'twilio'

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
