import { definitionOf, isDeclared, type ProblemCode, type ProblemDefinition } from './problem-codes.ts'

/** What is wrong with one field. `pointer` is a JSON Pointer (RFC 6901) into the request's body. */
export interface FieldError {
  pointer: string
  detail: string
}

interface ProblemOptions {
  errors?: FieldError[] | undefined
  /** Extension members of the problem document (RFC 9457, 3.2), such as the plans that have a feature. */
  members?: Record<string, unknown> | undefined
  /** Seconds after which trying again makes sense (Retry-After). Every 429 and 503 has them, its code's own when left out. */
  retryAfterSeconds?: number
  /** Response headers that belong to the refusal, such as Allow or WWW-Authenticate. */
  headers?: Record<string, string>
  cause?: unknown
  /** What holds for a code that nothing loaded declares. */
  undeclared?: ProblemDefinition
}

/**
 * A refusal with a stable code: thrown anywhere, rendered as problem+json in lib/http/problem-json.ts.
 * `detail` is a sentence for the person who reads it; it must not repeat secrets or other people's data.
 */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly errors: FieldError[] | undefined
  readonly members: Record<string, unknown> | undefined
  readonly headers: Record<string, string>

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(`${code}: ${detail}`, { cause: options.cause })
    const definition = options.undeclared ?? definitionOf(code)
    this.name = 'Problem'
    this.code = code
    this.status = definition.status
    this.title = definition.title
    this.detail = detail
    this.errors = options.errors
    this.members = options.members
    this.headers = { ...options.headers }
    const retryAfterSeconds = options.retryAfterSeconds ?? usualRetryAfterSeconds(definition)
    if (retryAfterSeconds !== undefined) this.headers['retry-after'] = String(retryAfterSeconds)
  }

  /**
   * What SQL refused. A trigger can raise a code of a domain that this function does not load. Then the status that SQL
   * gave still holds, and `isDeclared` is false, so that it gets logged.
   */
  static raisedBySql(code: string, status: number, detail: string, options: ProblemOptions): Problem {
    if (isDeclared(code)) return new Problem(code, detail, options)
    const undeclared = { status, title: 'The request was refused', retryAfterSeconds: 5 } as ProblemDefinition
    return new Problem(code as ProblemCode, detail, { ...options, undeclared })
  }

  get isDeclared(): boolean {
    return isDeclared(this.code)
  }

  /** The same of what stands at a place of the body, such as `/brand`. What was refused begins with it. */
  at(place: string): Problem {
    const { code, detail, members, headers } = this
    const errors = this.errors?.map((error) => ({ ...error, pointer: place + error.pointer }))
    return errors ? new Problem(code, detail, { errors, members, headers, cause: this }) : this
  }
}

/** SQL refuses with a code and a sentence alone, so the code itself says when to try again. */
function usualRetryAfterSeconds(definition: ProblemDefinition): number | undefined {
  const isTemporary = definition.status === 429 || definition.status === 503
  return isTemporary ? definition.retryAfterSeconds : undefined
}
