import process from 'node:process'
import { z } from 'zod'

/** One line without anything that could end a header, a name or an address. */
const line = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .regex(/^\P{Cc}*$/u, 'must be one line of text')
const address = z
  .string()
  .max(254)
  .regex(/^[^\s@<>"(),:;\\[\]\p{Cc}]+@[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+$/u, 'must be an e-mail address')
const host = z
  .string()
  .max(253)
  .regex(/^([a-zA-Z0-9-]+\.)*[a-zA-Z0-9-]+$|^[0-9a-fA-F:.]+$/, 'must be the name of a host')
const word = (most: number) =>
  z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII')
    .max(most)
const sender = { from_email: address, from_name: line(100).optional() }

export const SmtpSettings = z.strictObject({
  host,
  port: z
    .int()
    .min(1)
    .max(65_535)
    .meta({ description: '465 speaks TLS from the first byte, any other STARTTLS.' }),
  user: line(254).optional(),
  ...sender,
})
export const SendgridSettings = z.strictObject({
  event_key: z
    .string()
    .regex(/^[A-Za-z0-9+/]{100,200}={0,2}$/, 'must be a key of an event webhook')
    .optional()
    .meta({
      description: 'What its callbacks are verified with: the verification key of the signed event webhook.',
    }),
  ...sender,
})
export const SesSettings = z.strictObject({
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-[0-9]$/, 'must be a region, such as eu-central-1'),
  access_key_id: word(128),
  topic_arn: z
    .string()
    .regex(
      /^arn:aws[a-z-]{0,10}:sns:[a-z0-9-]{3,30}:[0-9]{12}:[A-Za-z0-9_-]{1,256}$/,
      'must be the ARN of a topic',
    )
    .optional()
    .meta({ description: 'The topic of SNS by which it says what became of mails.' }),
  ...sender,
})
export const TwilioSettings = z
  .strictObject({
    account_sid: z.string().regex(/^AC[0-9a-f]{32}$/, 'must be the SID of an account'),
    from: z
      .string()
      .regex(/^\+[1-9][0-9]{6,14}$|^[A-Za-z0-9 ]{1,11}$/, 'must be a number or a sender id')
      .optional(),
    messaging_service_sid: z
      .string()
      .regex(/^MG[0-9a-f]{32}$/)
      .optional(),
  })
  .refine(
    ({ from, messaging_service_sid: service }) => (from === undefined) !== (service === undefined),
    'must have either from or messaging_service_sid',
  )
export const Msg91Settings = z.strictObject({
  template_id: word(100).meta({ description: 'A flow with one variable, "text".' }),
})
export const WhatsappSettings = z.strictObject({
  phone_number_id: z.string().regex(/^[0-9]{5,30}$/, 'must be the id of a phone number'),
  template: z
    .string()
    .regex(/^[a-z0-9_]{1,512}$/, 'must be the name of a template')
    .meta({ description: 'An approved template with one variable in its body.' }),
  verify_token: word(200)
    .min(16)
    .optional()
    .meta({ description: 'What Meta sends when the callback is set up. Any random text.' }),
})

export type SmtpSettings = z.output<typeof SmtpSettings>
export type SendgridSettings = z.output<typeof SendgridSettings>
export type SesSettings = z.output<typeof SesSettings>
export type TwilioSettings = z.output<typeof TwilioSettings>
export type Msg91Settings = z.output<typeof Msg91Settings>
export type WhatsappSettings = z.output<typeof WhatsappSettings>

const usualUrls = {
  sendgrid: () => 'https://api.sendgrid.com',
  ses: (region: string) => `https://email.${region}.amazonaws.com`,
  twilio: () => 'https://api.twilio.com',
  msg91: () => 'https://control.msg91.com',
  whatsapp: () => 'https://graph.facebook.com',
}

/** Where a provider's API is. A setting such as TENANTRY_TWILIO_URL names another place, for development. */
export function providerUrl(provider: keyof typeof usualUrls, region = ''): string {
  const named = process.env[`TENANTRY_${provider.toUpperCase()}_URL`]
  return named ? named.replace(/\/+$/, '') : usualUrls[provider](region)
}

/** Where something is in Meta's Graph API. Meta keeps a version for two years. */
export const graphUrl = (path: string, base = providerUrl('whatsapp')): string => `${base}/v23.0/${path}`

/** Whether a provider is on this machine, as the local mailbox is: what it gets reaches nobody. */
export function isOnThisMachine(provider: string, config: unknown): boolean {
  const { host } = (config ?? {}) as { host?: unknown }
  if (provider === 'smtp') return typeof host === 'string' && isLoopback(host)
  const name = provider === 'whatsapp_business_api' ? 'whatsapp' : provider
  return name in usualUrls && isLoopback(new URL(providerUrl(name as keyof typeof usualUrls, 'x')).hostname)
}

function isLoopback(host: string): boolean {
  return /^(127(\.[0-9]+){3}|\[?::1\]?|localhost)$/i.test(host)
}
