import { readRetryAfter } from './problem.ts'

export interface RetryOptions {
  /** How often a request is sent at most, the first time included. Default 4. 1 turns retries off. */
  maxAttempts?: number
  /** The first pause, doubled for each further one. Default 0.25. */
  baseDelaySeconds?: number
  /** The longest pause. A server that asks for a longer one is not asked again. Default 20. */
  maxDelaySeconds?: number
}

export const defaultRetry: Required<RetryOptions> = {
  maxAttempts: 4,
  baseDelaySeconds: 0.25,
  maxDelaySeconds: 20,
}

const idempotentMethods = new Set(['GET', 'HEAD', 'PUT', 'DELETE'])

/** Whether sending a request twice does what sending it once does. */
export function isRepeatable(method: string, path: string, body: unknown): boolean {
  return idempotentMethods.has(method) || (path === '/usage/events' && hasOnlyIdentifiedEvents(body))
}

/** Usage events with an id are counted once, however often they are sent. */
function hasOnlyIdentifiedEvents(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false
  const events: unknown[] = 'events' in body && Array.isArray(body.events) ? body.events : [body]
  return events.every(
    (event) => typeof event === 'object' && event !== null && ('id' in event || 'event_id' in event),
  )
}

/** The statuses that say "not now": the request was not carried out. */
export function isTemporary(status: number): boolean {
  return status === 429 || status === 503
}

/**
 * Seconds to wait before the next attempt; undefined when there should be none.
 *
 * The pause is random between half of the doubled delay and all of it, so that clients that failed
 * together do not come back together. A longer Retry-After wins.
 */
export function pauseBefore(
  attempt: number,
  options: Required<RetryOptions>,
  headers?: Headers,
): number | undefined {
  if (attempt >= options.maxAttempts) return undefined
  const backoff = Math.min(options.baseDelaySeconds * 2 ** (attempt - 1), options.maxDelaySeconds)
  const jittered = backoff * (0.5 + Math.random() / 2)
  const asked = headers && readRetryAfter(headers)
  if (asked === undefined) return jittered
  if (asked > options.maxDelaySeconds) return undefined
  return Math.max(asked, jittered)
}

/** Waits, and throws the signal's reason as soon as it is aborted. */
export function wait(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, seconds * 1000)
    signal?.addEventListener('abort', stop, { once: true })
  })
}
