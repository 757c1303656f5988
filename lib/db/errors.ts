import { type FieldError, Problem } from './problem.ts'
import { type ProblemCode, problemCodes } from './problem-codes.ts'

/** The parts of a Postgres error this file reads. */
interface DatabaseError {
  code?: string
  message: string
  detail?: string
  hint?: string
  constraint?: string
}

const busy = 'The service is busy or restarting. Try again in a moment.'

/** Constraints on what people type: the field of each, and what is wrong with it. */
const byConstraint: Record<string, FieldError> = {
  display_name_is_text: { pointer: '/display_name', detail: 'must be text without control characters' },
  coach_photo_is_https: { pointer: '/coach_photo', detail: 'must be an https URL' },
  website_url_is_https: { pointer: '/website_url', detail: 'must be an https URL' },
  booking_url_is_https: { pointer: '/booking_url', detail: 'must be an https URL' },
  quiz_url_is_https: { pointer: '/canonical_quiz_url', detail: 'must be an https URL' },
  slug_prefix_is_a_path_word: {
    pointer: '/slug_prefix',
    detail: 'must be a word of letters, digits and hyphens',
  },
  tenants_name_is_text: { pointer: '/name', detail: 'must be text without control characters' },
  api_keys_name_idx: { pointer: '/name', detail: 'is the name of another key' },
  key_name_is_text: { pointer: '/name', detail: 'must be text without control characters' },
  push_has_a_url: { pointer: '/url', detail: 'is what a push endpoint needs, and no other has' },
  endpoint_url_is_http: { pointer: '/url', detail: 'must be a URL of at most 2048 characters' },
  endpoint_description_is_text: {
    pointer: '/description',
    detail: 'must be text without control characters',
  },
  endpoint_rate_limit_in_range: { pointer: '/rate_limit_per_second', detail: 'must be between 1 and 10000' },
  tenants_locale_is_a_tag: { pointer: '/locale', detail: 'must be a language tag, such as en or de-CH' },
}

const bySqlState: Record<string, [code: ProblemCode, detail: string]> = {
  '23505': ['conflict', 'Something with this key exists already.'],
  '23503': [
    'conflict',
    'This refers to something that does not exist, or something else still refers to it.',
  ],
  '23514': ['invalid_value', 'A value breaks a rule of the data.'],
  '23502': ['invalid_value', 'A value that is needed is missing.'],
  '22P02': ['invalid_value', 'A value is not written the way its type asks.'],
  '22P05': ['invalid_value', 'A text holds a character that cannot be stored.'],
  '22001': ['invalid_value', 'A text is too long.'],
  '22003': ['invalid_value', 'A number is out of range.'],
  '22007': ['invalid_value', 'A date or time cannot be read.'],
  '22008': ['invalid_value', 'A date or time is out of range.'],
  '22021': ['invalid_value', 'A text holds a character that cannot be stored.'],
  '42501': ['forbidden', 'You may not do this.'],
  '57014': ['timeout', 'The database took too long to answer.'],
  // asCaller has already tried again, so here it means that the tenant is under heavy writes.
  '40001': ['unavailable', busy],
  '40P01': ['unavailable', busy],
  '55P03': ['unavailable', busy],
  '53300': ['unavailable', busy],
  '57P01': ['unavailable', busy],
  '57P02': ['unavailable', busy],
  '57P03': ['unavailable', busy],
}

const connectionLost =
  /ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|connection terminated|connection ended|timeout exceeded when trying to connect|query read timeout|not queryable|broken pipe|connection (?:refused|reset)/i

/**
 * Turns a refusal of SQL into a Problem. An unknown error comes back unchanged, to be logged and hidden.
 * SQL raises PTxyz for HTTP status xyz: message = code, detail = sentence, hint = field errors as JSON.
 */
export function toProblem(thrown: unknown): unknown {
  if (thrown instanceof Problem || !(thrown instanceof Error)) return thrown
  const error: DatabaseError = thrown
  if (error.code?.startsWith('PT') && isProblemCode(error.message)) {
    return new Problem(error.message, error.detail ?? '', { errors: fieldErrors(error.hint), cause: thrown })
  }
  const known = bySqlState[error.code ?? '']
  if (known) {
    const [code, detail] = known
    if (code === 'unavailable') return new Problem(code, detail, { retryAfterSeconds: 1, cause: thrown })
    const field = error.constraint === undefined ? undefined : byConstraint[error.constraint]
    return new Problem(code, detail, { errors: field && [field], cause: thrown })
  }
  if (error.code?.startsWith('08') || connectionLost.test(`${error.code} ${error.message}`)) {
    return new Problem('unavailable', busy, { retryAfterSeconds: 2, cause: thrown })
  }
  return thrown
}

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problemCodes, code)
}

function fieldErrors(hint: string | undefined): FieldError[] | undefined {
  return hint ? (JSON.parse(hint) as FieldError[]) : undefined
}
