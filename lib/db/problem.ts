import { type ProblemCode, problemCodes } from './problem-codes.ts'

/** What is wrong with one field. `pointer` is a JSON Pointer (RFC 6901) into the request's body. */
export interface FieldError {
  pointer: string
  detail: string
}

interface ProblemOptions {
  errors?: FieldError[] | undefined
  /** Seconds after which trying again makes sense (Retry-After). Every 429 and 503 has them, its code's own when left out. */
  retryAfterSeconds?: number
  /** Response headers that belong to the refusal, such as Allow or WWW-Authenticate. */
  headers?: Record<string, string>
  cause?: unknown
}

/**
 * A refusal with a stable code: thrown anywhere, rendered as problem+json in lib/http/problem-json.ts.
 * `detail` is a sentence for the person who reads it; it must not repeat secrets or other people's data.
 */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly status: number
  readonly detail: string
  readonly errors: FieldError[] | undefined
  readonly headers: Record<string, string>

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(`${code}: ${detail}`, { cause: options.cause })
    this.name = 'Problem'
    this.code = code
    this.status = problemCodes[code].status
    this.detail = detail
    this.errors = options.errors
    this.headers = { ...options.headers }
    const retryAfterSeconds = options.retryAfterSeconds ?? usualRetryAfterSeconds(code)
    if (retryAfterSeconds !== undefined) this.headers['retry-after'] = String(retryAfterSeconds)
  }
}

/** SQL refuses with a code and a sentence alone, so the code itself says when to try again. */
function usualRetryAfterSeconds(code: ProblemCode): number | undefined {
  const definition = problemCodes[code]
  return 'retryAfterSeconds' in definition ? definition.retryAfterSeconds : undefined
}
