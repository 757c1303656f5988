/** What a provider says became of a message, as private.take_notification_callbacks() takes it. */
export interface CallbackEvent {
  /** The provider's own id of the event: it counts once. */
  event_id: string
  /** Whose job it is, if the provider gives back what it was sent with. */
  job_tenant: string | null
  job_id: string | null
  /** How the provider names the message. */
  message_id: string | null
  status: 'sent' | 'delivered' | 'failed' | null
  feedback: 'hard' | 'soft' | 'complaint' | 'unsubscribed' | null
  /** Whom it was for. */
  address: string | null
  detail: string
}

/** The headers and bytes of a callback, and the URL that the provider called. */
export interface CallbackRequest {
  url: string
  headers: Pick<Headers, 'get'>
  body: Uint8Array
}

/** What a callback is verified with: the settings of one provider. */
export interface CallbackSettings {
  config: unknown
  secret: string | null
  callback_secret: string | null
}

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const reference = new RegExp(`^(${uuid})\\.(${uuid})$`)

/** The job that a message was sent with. */
export function jobOf(text: unknown): Pick<CallbackEvent, 'job_tenant' | 'job_id'> {
  const [, job_tenant = null, job_id = null] = (typeof text === 'string' && reference.exec(text)) || []
  return { job_tenant, job_id }
}

/** A number as E.164 has it, from one that may lack its plus. */
export function numberOf(text: unknown): string | null {
  const digits = /^\+?([1-9][0-9]{6,14})$/.exec(String(text ?? ''))?.[1]
  return digits ? `+${digits}` : null
}

/** JSON, or undefined for what is none. */
export function parseJson(body: Uint8Array | string): unknown {
  try {
    const text = typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true }).decode(body)
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
