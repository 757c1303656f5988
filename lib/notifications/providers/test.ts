import { type Asker, type Db, Problem, serviceFor, sql } from '../../db/index.ts'
import { storable, type Verdict } from '../senders/message.ts'
import { type Sender, sendMail, sendToPhone } from '../senders/send.ts'
import { readLook } from '../templates/look.ts'
import { type Look, renderMail } from '../templates/render.ts'
import { readProvider } from './queries.ts'
import type { Channel, NotificationProvider, ProviderTest } from './schema.ts'

interface Subject extends Sender {
  id: string
  revision: string
}

const words = {
  subject: 'A test mail of {{tenant}}',
  body_html: '<p>This mail shows that {{tenant}} can send mails with these settings.</p>',
  body_text: null,
}

/**
 * Sends a test message with a tenant's own settings: a mail to whoever asks, any other to the given number. If it goes
 * out, the provider is verified and used; if not, last_error says why. 404 not_found; 409 conflict if the settings were
 * changed meanwhile; 422 invalid_value without anybody to send it to; 429 too_many_provider_tests.
 */
export async function testProvider(
  db: Db,
  asker: Asker,
  tenantId: string,
  channel: Channel,
  { to }: ProviderTest,
): Promise<NotificationProvider> {
  await db.query(sql`select private.require_permission(${tenantId}, 'manage')`)
  const service = serviceFor(asker.claims, asker.headers)
  const recipient = channel === 'email' ? await confirmedAddress(service, asker) : to
  if (recipient === undefined) throw noRecipient(channel)
  const subject = await service.one<Subject>(sql`
    select * from private.begin_provider_test(${tenantId}, ${channel}::public.notification_channel)`)
  // No transaction is open while somebody else's server is waited for.
  const { outcome, detail } = await send(await readLook(db, tenantId), channel, subject, recipient)
  const error = outcome === 'sent' ? null : storable(detail || outcome)
  await service.query(sql`
    select private.record_provider_test(${tenantId}, ${subject.id}, ${subject.revision}, ${error})`)
  return readProvider(db, tenantId, channel)
}

async function send(look: Look, channel: Channel, subject: Subject, to: string): Promise<Verdict> {
  if (channel !== 'email')
    return sendToPhone(subject, { to, text: `A test message of ${look.name}.`, locale: 'en', callback: null })
  const {
    subject: line,
    html,
    text,
    from_name,
    reply_to,
  } = renderMail(words, { tenant: look.name }, look, {
    locale: 'en',
    unsubscribe_url: null,
  })
  const message_id = `<${crypto.randomUUID()}@test.tenantry>`
  return sendMail(subject, {
    message_id,
    to,
    subject: line,
    html,
    text,
    from_name,
    reply_to,
    unsubscribe_url: null,
    reference: null,
  })
}

/** The address of whoever asks, as Auth has confirmed it: a test mail goes to nobody else. */
async function confirmedAddress(service: Db, { claims }: Asker): Promise<string | undefined> {
  const person = 'sub' in claims ? claims.sub : undefined
  const { address } = await service.one<{ address: string | null }>(
    sql`select private.confirmed_address(${person}) as address`,
  )
  return address ?? undefined
}

function noRecipient(channel: Channel): Problem {
  const detail =
    channel === 'email'
      ? 'A test mail goes to the confirmed address of whoever asks, and you have none.'
      : 'Say which number the test message goes to.'
  const errors = channel === 'email' ? [] : [{ pointer: '/to', detail: 'is missing' }]
  return new Problem('invalid_value', detail, { errors })
}
