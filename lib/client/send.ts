import { NetworkFault, type Problem, refusalFrom, type UnexpectedAnswer } from './problem.ts'
import { isTemporary, pauseBefore, type RetryOptions, wait } from './retry.ts'

export interface SendOptions {
  fetch: typeof globalThis.fetch
  retry: Required<RetryOptions>
  /** Whether the request may be sent again. */
  isRepeatable: boolean
  /** How long one attempt may take. With a streamed answer: until its headers are there. */
  timeoutSeconds: number
  /** Leaves the body of a good answer unread. */
  isStreamed: boolean
  signal: AbortSignal | undefined
  /** Credentials, asked anew for each attempt: a token may expire during a pause. */
  readHeaders(): Promise<Record<string, string>>
}

export interface Received {
  response: Response
  /** The body, when it was read. */
  text: string | undefined
}

type Outcome =
  | { received: Received }
  | { fault: NetworkFault }
  | { refusal: Problem | UnexpectedAnswer; response: Response }

/**
 * Sends a request until it is answered, refused, or not worth sending again.
 *
 * @throws Problem, UnexpectedAnswer or NetworkFault of the last attempt; the signal's reason when it is aborted.
 */
export async function send(request: Request, options: SendOptions): Promise<Received> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await tryOnce(request, options)
    if ('received' in outcome) return outcome.received
    const isFault = 'fault' in outcome
    const mayRepeat = options.isRepeatable && (isFault || isTemporary(outcome.response.status))
    const headers = isFault ? undefined : outcome.response.headers
    const pause = mayRepeat ? pauseBefore(attempt, options.retry, headers) : undefined
    if (pause === undefined) throw isFault ? outcome.fault : outcome.refusal
    await wait(pause, options.signal)
  }
}

async function tryOnce(original: Request, options: SendOptions): Promise<Outcome> {
  const { signal } = options
  signal?.throwIfAborted()
  // The original keeps its body for the next attempt.
  const request = original.clone()
  for (const [name, value] of Object.entries(await options.readHeaders())) {
    if (!request.headers.has(name)) request.headers.set(name, value)
  }
  const control = new AbortController()
  const abort = () => control.abort(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  const timer = setTimeout(
    () => control.abort(new Error(`it took longer than ${options.timeoutSeconds} seconds`)),
    options.timeoutSeconds * 1000,
  )
  let isStreaming = false
  try {
    const response = await options.fetch(request, { signal: control.signal })
    if (response.status === 304) return { received: { response, text: undefined } }
    isStreaming = response.ok && options.isStreamed
    if (isStreaming) return { received: { response, text: undefined } }
    const text = await response.text()
    if (response.ok) return { received: { response, text } }
    return { refusal: refusalFrom(response, text), response }
  } catch (cause) {
    signal?.throwIfAborted()
    return { fault: new NetworkFault(request, cause) }
  } finally {
    clearTimeout(timer)
    // Somebody who reads a stream can still abort it.
    if (!isStreaming) signal?.removeEventListener('abort', abort)
  }
}
