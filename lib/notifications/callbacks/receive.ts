import { admin, Problem, sql } from '../../db/index.ts'
import { callbackUrl } from '../dispatch/settings.ts'
import type { NotificationProvider } from '../providers/schema.ts'
import { storable } from '../senders/message.ts'
import type { CallbackEvent, CallbackRequest, CallbackSettings } from './event.ts'
import { answerMeta, isSignedByMeta, readMeta } from './meta.ts'
import { readMsg91, verifyMsg91 } from './msg91.ts'
import type { TakenCallbacks } from './schema.ts'
import { readSendgrid, verifySendgrid } from './sendgrid.ts'
import { confirmationUrl, readSes, verifySes } from './ses.ts'
import { type FetchText, fetchText } from './sns.ts'
import { readTwilio, verifyTwilio } from './twilio.ts'

interface Settings extends CallbackSettings {
  tenant_id: string
  id: string
  provider: NotificationProvider['provider']
}

interface Received {
  /** Its part behind the question mark, as it was sent. */
  search: string
  headers: Pick<Headers, 'get'>
  body: Uint8Array
}

/**
 * Verifies what a provider says of messages by the provider's own rules, and takes it. Nothing is stored before. An event
 * that was taken before changes nothing, and one of another provider's messages does not either.
 *
 * @throws Problem 400 invalid_callback; 404 not_found for settings that there are not.
 */
export async function receiveCallback(
  ref: string,
  { search, ...received }: Received,
): Promise<TakenCallbacks> {
  const settings = await readSettings(ref)
  // What was signed is the URL that the provider was given, and not the one under which the request arrived here.
  const events = await readEvents(settings.provider, settings, {
    url: callbackUrl(ref) + search,
    ...received,
  })
  if (!events) throw invalid(settings.provider)
  return take(settings, events)
}

/** What Meta wants to be answered when a callback is set up. 400 invalid_callback; 404 not_found. */
export async function confirmCallback(ref: string, query: URLSearchParams): Promise<string> {
  const { provider, config } = await readSettings(ref)
  const answer = provider === 'whatsapp_business_api' ? answerMeta(query, config) : undefined
  if (answer === undefined) throw invalid(provider)
  return answer
}

/** The events of a callback. Undefined if the provider did not send it. */
export async function readEvents(
  provider: Settings['provider'],
  { config, secret, callback_secret }: CallbackSettings,
  request: CallbackRequest,
  fetch: FetchText = fetchText,
): Promise<CallbackEvent[] | undefined> {
  switch (provider) {
    case 'twilio':
      return secret && (await verifyTwilio(request, secret)) ? readTwilio(request) : undefined
    case 'sendgrid':
      return (await verifySendgrid(request, config)) ? readSendgrid(request) : undefined
    case 'whatsapp_business_api':
      return callback_secret && (await isSignedByMeta(request.headers, request.body, callback_secret))
        ? readMeta(request)
        : undefined
    case 'msg91':
      return callback_secret && (await verifyMsg91(request, callback_secret)) ? readMsg91(request) : undefined
    case 'ses': {
      const message = await verifySes(request, config, fetch)
      if (!message) return undefined
      const url = confirmationUrl(message)
      // 503, so that SNS asks again.
      if (url && (await fetch(url)) === undefined)
        throw new Problem('unavailable', 'The subscription could not be confirmed.')
      return readSes(message)
    }
    // A mail server calls nobody back.
    case 'smtp':
      return undefined
  }
}

async function readSettings(ref: string): Promise<Settings> {
  const [settings] = await admin.query<Settings>(sql`select * from private.read_callback_provider(${ref})`)
  if (!settings) throw new Problem('not_found', 'There are no settings of a provider with this ref_id.')
  return settings
}

function take({ tenant_id, id }: Settings, events: CallbackEvent[]): Promise<TakenCallbacks> {
  const storables = events.map((event) => ({
    ...event,
    event_id: storable(event.event_id),
    message_id: event.message_id && storable(event.message_id),
    address: event.address && storable(event.address).toLowerCase(),
    detail: storable(event.detail.slice(0, 1_000)),
  }))
  return admin.one<TakenCallbacks>(sql`
    select applied, duplicate, ignored
    from private.take_notification_callbacks(${tenant_id}, ${id}, ${JSON.stringify(storables)}::jsonb)`)
}

const invalid = (provider: string) =>
  new Problem('invalid_callback', `This is not a callback that ${provider} has signed for these settings.`)
