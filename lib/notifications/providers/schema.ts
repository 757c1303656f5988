import { z } from 'zod'
import { keyset, moment, nextCursor, pageParameters } from '../../db/index.ts'
import {
  Msg91Settings,
  SendgridSettings,
  SesSettings,
  SmtpSettings,
  TwilioSettings,
  WhatsappSettings,
} from '../senders/settings.ts'

export const Channel = z.enum(['email', 'sms', 'whatsapp'])
export type Channel = z.infer<typeof Channel>
export const ProviderPath = z.object({ channel: Channel })

const secret = z
  .string()
  .min(1)
  .max(4_096)
  .regex(/^\P{Cc}*$/u, 'must be one line of text')
  .optional()
  .meta({
    description:
      'Stored in Vault and never shown. If it is left out, the stored one stays, unless it would go to another server.',
  })
const is_active = z.boolean().default(true).meta({
  description: 'false: the provider of the platform is used, and these settings are kept.',
})
const callback_secret = z
  .string()
  .min(16)
  .max(4_096)
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII')
  .optional()
  .meta({
    description:
      'What its callbacks are verified with: the secret of the app at Meta, or any random text at MSG91. Stored in Vault and never shown.',
  })
const settingsOf = <Provider extends string, Config extends z.ZodType>(provider: Provider, config: Config) =>
  z.strictObject({ provider: z.literal(provider), config, secret, is_active })

const smtp = settingsOf('smtp', SmtpSettings)
const sendgrid = settingsOf('sendgrid', SendgridSettings)
const ses = settingsOf('ses', SesSettings)
const twilio = settingsOf('twilio', TwilioSettings)
const msg91 = settingsOf('msg91', Msg91Settings).extend({ callback_secret })
const whatsapp = settingsOf('whatsapp_business_api', WhatsappSettings).extend({ callback_secret })

/** By channel. The errors are those of the kind of provider that is named. */
export const settingsByChannel = {
  email: z.discriminatedUnion('provider', [smtp, sendgrid, ses]),
  sms: z.discriminatedUnion('provider', [twilio, msg91]),
  whatsapp: z.discriminatedUnion('provider', [whatsapp]),
}
/** For openapi.json. The path says which channel is meant. */
export const ProviderSettings = z
  .union([smtp, sendgrid, ses, twilio, msg91, whatsapp])
  .meta({ id: 'NotificationProviderSettings' })
export type ProviderSettings = z.output<typeof ProviderSettings>

export const NotificationProvider = z
  .strictObject({
    ref_id: z.string(),
    channel: Channel,
    provider: z.enum(['smtp', 'sendgrid', 'ses', 'msg91', 'twilio', 'whatsapp_business_api']),
    config: z.record(z.string(), z.unknown()).meta({ description: 'The settings without the secret.' }),
    has_secret: z.boolean(),
    has_callback_secret: z.boolean(),
    callback_url: z.string().nullable().meta({
      description:
        'Where the provider says what became of messages. Give it to the provider. null: it says nothing.',
    }),
    is_active: z.boolean(),
    verified_at: moment
      .nullable()
      .meta({ description: 'When a test went well. Before that it is not used.' }),
    last_error: z.string().nullable(),
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: 'NotificationProvider' })
export type NotificationProvider = z.infer<typeof NotificationProvider>

/** By channel: email, sms, whatsapp. */
export const providerOrder = keyset('notification_providers', { channel: Channel })
export const ProviderQuery = z.strictObject(pageParameters(providerOrder))
export type ProviderQuery = z.output<typeof ProviderQuery>
export const NotificationProviders = z
  .strictObject({ notification_providers: z.array(NotificationProvider), next_cursor: nextCursor })
  .meta({ id: 'NotificationProviders' })
export type NotificationProviders = z.infer<typeof NotificationProviders>

export const ProviderTest = z
  .strictObject({
    to: z
      .string()
      .regex(/^\+[1-9][0-9]{6,14}$/, 'must be a number such as +447700900123')
      .optional()
      .meta({ description: 'For SMS and WhatsApp. A test mail goes to the address of whoever asks.' }),
  })
  .meta({ id: 'NotificationProviderTest' })
export type ProviderTest = z.output<typeof ProviderTest>
