/** One field that is wrong, with a JSON Pointer (RFC 6901) into what was sent. */
export interface FieldError {
  pointer: string
  detail: string
}

interface ProblemDocument {
  type?: string
  title?: string
  status: number
  detail?: string
  instance?: string
  code: string
  request_id?: string
  errors?: FieldError[]
}

/** A refusal of the API, from its application/problem+json document (RFC 9457). Decide by `code`. */
export class Problem extends Error {
  override readonly name = 'Problem'
  /** Stable, such as `slug_taken`. The list is docs/errors.md of Tenantry. */
  readonly code: string
  readonly status: number
  readonly title: string
  /** A sentence for people. It may be reworded. */
  readonly detail: string
  readonly errors: readonly FieldError[]
  /** Quote it when you report a problem: the server logged it. */
  readonly requestId: string | undefined
  /** Seconds after which trying again makes sense. */
  readonly retryAfterSeconds: number | undefined

  constructor(document: ProblemDocument, headers: Headers) {
    const detail = document.detail ?? document.title ?? document.code
    super(`${document.code}: ${detail}`)
    this.code = document.code
    this.status = document.status
    this.title = document.title ?? document.code
    this.detail = detail
    this.errors = document.errors ?? []
    this.requestId = document.request_id ?? headers.get('x-request-id') ?? undefined
    this.retryAfterSeconds = readRetryAfter(headers)
  }
}

/** An answer that is not the API's: an HTML page of a proxy, an empty 502, JSON that was cut short. */
export class UnexpectedAnswer extends Error {
  override readonly name = 'UnexpectedAnswer'
  readonly status: number
  readonly contentType: string | undefined
  readonly requestId: string | undefined
  readonly retryAfterSeconds: number | undefined
  /** The first 500 characters of the answer. */
  readonly excerpt: string

  constructor(response: Response, text: string, options?: ErrorOptions) {
    const contentType = response.headers.get('content-type') ?? undefined
    const what = text === '' ? 'an empty body' : (contentType ?? 'a body without a content type')
    super(`The server answered ${response.status} with ${what}, which is no answer of this API.`, options)
    this.status = response.status
    this.contentType = contentType
    this.requestId = response.headers.get('x-request-id') ?? undefined
    this.retryAfterSeconds = readRetryAfter(response.headers)
    this.excerpt = text.slice(0, 500)
  }
}

/** No whole answer arrived: the connection failed, was cut, or took too long. `cause` says what happened. */
export class NetworkFault extends Error {
  override readonly name = 'NetworkFault'

  constructor(request: Request, cause: unknown) {
    // The query may name people, and errors end up in logs.
    const address = request.url.replace(/[?#].*/, '')
    super(`${request.method} ${address} got no answer: ${reasonOf(cause)}`, { cause })
  }
}

/** Node says "fetch failed" and hides the reason one level deeper. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const inner = cause.cause
  if (!(inner instanceof Error)) return cause.message
  return inner.message || ('code' in inner ? String(inner.code) : cause.message)
}

/** The error that a refused request is answered with. */
export function refusalFrom(response: Response, text: string): Problem | UnexpectedAnswer {
  if (!isProblemJson(response)) return new UnexpectedAnswer(response, text)
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (cause) {
    return new UnexpectedAnswer(response, text, { cause })
  }
  if (!isProblemDocument(document)) return new UnexpectedAnswer(response, text)
  return new Problem({ ...document, status: response.status }, response.headers)
}

function isProblemJson(response: Response): boolean {
  return /^application\/problem\+json\b/i.test(response.headers.get('content-type') ?? '')
}

function isProblemDocument(document: unknown): document is ProblemDocument {
  if (typeof document !== 'object' || document === null) return false
  return 'code' in document && typeof document.code === 'string'
}

/** Retry-After is a number of seconds or a date (RFC 9110, 10.2.3). */
export function readRetryAfter(headers: Headers, now = Date.now()): number | undefined {
  const value = headers.get('retry-after')?.trim()
  if (!value) return undefined
  if (/^\d+$/.test(value)) return Number(value)
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now) / 1000))
}
