import { Buffer } from 'node:buffer'
import { ulidOf } from '../../db/index.ts'
import { fetchPublic, NetFault, type PublicAnswer, type PublicRequest } from '../../net/index.ts'
import { signWebhook } from '../signing-secrets/signature.ts'
import type { DeliveryResult, EndpointSecrets, LeasedDelivery } from './queue.ts'

/** The time for the whole exchange, up to the answer's last byte. */
const timeoutMs = 15_000
/** Of the answer so much is read, and so much is kept. */
const maxReadBytes = 65_536
const maxKeptCharacters = 16_384
/** The longest pause a receiver can ask for. */
const maxPauseSeconds = 86_400

/** A message's public id, in the header webhook-id and in the API. */
export function messageIdOf(eventId: string): string {
  return `msg_${ulidOf(eventId)}`
}

/** The three headers a receiver verifies a message by (Standard Webhooks). */
export function signatureHeaders(
  eventId: string,
  payload: string,
  secrets: string[],
): Record<string, string> {
  const id = messageIdOf(eventId)
  const timestamp = Math.floor(Date.now() / 1_000)
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signWebhook(secrets, id, timestamp, payload),
  }
}

/** Sends one delivery and returns the result. Never throws: whatever goes wrong is a failed attempt. */
export async function deliver(
  delivery: LeasedDelivery,
  secrets: EndpointSecrets | undefined,
  exchange: Partial<PublicRequest> = {},
): Promise<DeliveryResult> {
  const start = performance.now()
  let verdict: Verdict
  try {
    verdict = secrets?.secrets.length
      ? judge(await send(delivery, secrets, exchange))
      : failed('no_secret', 'The endpoint has no signing secret any more. Rotate it to give it a new one.')
  } catch (thrown) {
    verdict =
      thrown instanceof NetFault
        ? failed(thrown.code, thrown.message)
        : failed('not_sent', 'The request could not be made. Check the URL and the headers of the endpoint.')
  }
  const { tenant_id, lane_id, item_id, lease_id, attempt_number, ordering_key } = delivery
  const duration_ms = Math.round(performance.now() - start)
  return { tenant_id, lane_id, item_id, lease_id, attempt_number, ordering_key, duration_ms, ...verdict }
}

function send(
  delivery: LeasedDelivery,
  { secrets, headers }: EndpointSecrets,
  exchange: Partial<PublicRequest>,
): Promise<PublicAnswer> {
  return fetchPublic(delivery.url, {
    method: 'POST',
    headers: {
      // Whatever its case: if a header were sent twice, receivers would take the first.
      ...(!Object.keys(headers).some((name) => name.toLowerCase() === 'user-agent') && {
        'user-agent': 'Tenantry-Webhooks/1',
      }),
      ...headers,
      'content-type': 'application/json',
      ...signatureHeaders(delivery.item_id, delivery.payload, secrets),
      'tenantry-event-version': String(delivery.event_version),
    },
    body: delivery.payload,
    timeoutMs,
    maxBytes: maxReadBytes,
    whenLonger: 'cut',
    keepAlive: true,
    ...exchange,
  })
}

type Verdict = Pick<
  DeliveryResult,
  | 'outcome'
  | 'response_status'
  | 'response_body'
  | 'error_code'
  | 'error_detail'
  | 'block_seconds'
  | 'stop_reason'
>

/** What an answer means: 2xx is a success, whatever its body says; every other answer is tried again. */
export function judge({ status, headers, bytes }: PublicAnswer): Verdict {
  const isAsked = headers.get('webhook-delivery')?.trim().toLowerCase() === 'disable'
  const answer = {
    response_status: status,
    response_body: excerpt(bytes),
    block_seconds: pauseOf(status, headers.get('retry-after')),
    stop_reason: status === 410 ? ('gone' as const) : isAsked ? ('asked' as const) : null,
  }
  if (status >= 200 && status < 300)
    return { ...answer, outcome: 'succeeded', error_code: null, error_detail: null }
  const detail =
    status < 400
      ? `The receiver answered ${status}, a redirect. Redirects are not followed: set the URL to where it leads.`
      : `The receiver answered ${status}. Only an answer from 200 to 299 counts as received.`
  return { ...answer, outcome: 'failed', error_code: `status_${status}`, error_detail: detail }
}

function failed(error_code: string, error_detail: string): Verdict {
  return {
    outcome: 'failed',
    response_status: null,
    response_body: null,
    error_code,
    error_detail,
    block_seconds: null,
    stop_reason: null,
  }
}

/** Statuses about the receiver and not about this message: all deliveries to the endpoint wait a little. */
const busyStatuses = new Set([429, 502, 503, 504])
const usualPauseSeconds = 5

function pauseOf(status: number, retryAfter: string | null): number | null {
  if (!busyStatuses.has(status)) return null
  const asked = retryAfter === null ? Number.NaN : secondsOf(retryAfter.trim())
  if (Number.isNaN(asked)) return usualPauseSeconds
  return Math.min(Math.max(Math.ceil(asked), 1), maxPauseSeconds)
}

/** Retry-After is a number of seconds or a date (RFC 9110, 10.2.3). */
function secondsOf(retryAfter: string): number {
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter)
  // Date.parse accepts too much. A date of HTTP begins with the day of the week.
  if (!/^[A-Z][a-z]{2}/.test(retryAfter)) return Number.NaN
  return (Date.parse(retryAfter) - Date.now()) / 1_000
}

/** The beginning of an answer as text that Postgres can store: without zero bytes and without half a character at the end. */
function excerpt(bytes: Uint8Array): string | null {
  if (bytes.length === 0) return null
  const text = Buffer.from(
    bytes.buffer,
    bytes.byteOffset,
    Math.min(bytes.length, maxKeptCharacters),
  ).toString('utf8')
  return text.replaceAll('\0', '\ufffd').slice(0, maxKeptCharacters)
}
