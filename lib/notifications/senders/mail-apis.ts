import { AwsClient } from 'aws4fetch'
import { createTransport } from 'nodemailer'
import { postToProvider } from './http.ts'
import { type EmailMessage, unsubscribeHeaders, type Verdict } from './message.ts'
import { providerUrl, type SesSettings } from './settings.ts'
import { composed } from './smtp.ts'

/** Sends a mail by SendGrid's API (v3/mail/send). */
export function sendBySendgrid(
  apiKey: string,
  message: EmailMessage,
  url = providerUrl('sendgrid'),
): Promise<Verdict> {
  const body = {
    personalizations: [{ to: [{ email: message.to }] }],
    from: { email: message.from.address, name: message.from.name },
    ...(message.reply_to !== null && { reply_to: { email: message.reply_to } }),
    subject: message.subject,
    content: [
      { type: 'text/plain', value: message.text },
      { type: 'text/html', value: message.html },
    ],
    ...(message.reference !== null && { custom_args: { job: message.reference } }),
    headers: { 'Message-ID': message.message_id, ...unsubscribeHeaders(message) },
    // Its own links for ending mails would lead past ours.
    tracking_settings: { subscription_tracking: { enable: false } },
  }
  return postToProvider(
    {
      url: `${url}/v3/mail/send`,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    },
    ({ headers }) => ({ provider_id: headers.get('x-message-id') }),
  )
}

/** Sends a mail by the API of Amazon SES (v2), as the whole message, so that its Message-ID is ours. */
export async function sendBySes(
  { region, access_key_id }: SesSettings,
  secret: string,
  message: EmailMessage,
  url = providerUrl('ses', region),
): Promise<Verdict> {
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' })
  const { message: raw } = await composer.sendMail(composed(message))
  const body = JSON.stringify({
    FromEmailAddress: message.from.address,
    Destination: { ToAddresses: [message.to] },
    ...(message.reference !== null && { EmailTags: [{ Name: 'job', Value: message.reference }] }),
    Content: { Raw: { Data: (raw as Buffer).toString('base64') } },
  })
  const aws = new AwsClient({ accessKeyId: access_key_id, secretAccessKey: secret, region, service: 'ses' })
  const signed = await aws.sign(`${url}/v2/email/outbound-emails`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  return postToProvider(
    { url: signed.url, headers: Object.fromEntries(signed.headers), body },
    ({ status, json }) => {
      const { MessageId } = (json ?? {}) as { MessageId?: unknown }
      // 403 is also an account that may not send from this address; both need a person.
      return { provider_id: status === 200 && typeof MessageId === 'string' ? MessageId : null }
    },
  )
}
