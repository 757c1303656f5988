import { sendBySendgrid, sendBySes } from './mail-apis.ts'
import type { EmailMessage, PhoneMessage, Verdict } from './message.ts'
import { sendByMsg91, sendByTwilio, sendByWhatsapp } from './phone-apis.ts'
import {
  Msg91Settings,
  SendgridSettings,
  SesSettings,
  SmtpSettings,
  TwilioSettings,
  WhatsappSettings,
} from './settings.ts'
import { sendBySmtp } from './smtp.ts'

/** By whom a message is sent, as it is stored. */
export interface Sender {
  provider: string
  config: unknown
  secret: string | null
}

/** A mail without its sender, which the provider's settings name. */
export interface Mail extends Omit<EmailMessage, 'from'> {
  from_name: string
}

/** Sends a mail by a provider. */
export function sendMail(
  { provider, config, secret }: Sender,
  { from_name, ...mail }: Mail,
): Promise<Verdict> {
  const { from_email: address, from_name: configured } = SendgridSettings.loose().parse(config)
  const message = { ...mail, from: { name: configured ?? from_name, address } }
  if (provider === 'smtp') return sendBySmtp(SmtpSettings.parse(config), secret, message)
  if (provider === 'ses') return sendBySes(SesSettings.parse(config), secret ?? '', message)
  if (provider === 'sendgrid') return sendBySendgrid(secret ?? '', message)
  throw new Error(`No mail is sent by ${provider}.`)
}

/** Sends an SMS or a WhatsApp message by a provider. */
export function sendToPhone({ provider, config, secret }: Sender, message: PhoneMessage): Promise<Verdict> {
  if (provider === 'twilio') return sendByTwilio(TwilioSettings.parse(config), secret ?? '', message)
  if (provider === 'msg91') return sendByMsg91(Msg91Settings.parse(config), secret ?? '', message)
  if (provider === 'whatsapp_business_api')
    return sendByWhatsapp(WhatsappSettings.parse(config), secret ?? '', message)
  throw new Error(`No message to a telephone is sent by ${provider}.`)
}
