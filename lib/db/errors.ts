import { type FieldError, Problem } from './problem.ts'
import { definitionOf, type ProblemCode } from './problem-codes.ts'

/** The parts of a Postgres error this file reads. */
interface DatabaseError {
  code?: string
  message: string
  detail?: string
  hint?: string
  constraint?: string
}

const busy = 'The service is busy or restarting. Try again in a moment.'

/** A constraint on what people type. Without a code it is what Postgres' own error becomes: conflict or invalid_value. */
interface ConstraintProblem extends FieldError {
  code?: ProblemCode
}

const byConstraint = new Map<string, ConstraintProblem>()

/**
 * Declares constraints on what people type, by their names in the database: the field of each, what is wrong with it,
 * and the code of a refusal that has one of its own. It stands in lib/<domain>/problems.ts.
 *
 * @throws when a constraint is declared twice.
 */
export function declareConstraints(constraints: Record<string, ConstraintProblem>): void {
  for (const [name, field] of Object.entries(constraints)) {
    if (byConstraint.has(name)) throw new Error(`The constraint ${name} is declared twice.`)
    byConstraint.set(name, field)
  }
}

/** Every constraint that is declared by what is loaded. */
export function declaredConstraints(): string[] {
  return [...byConstraint.keys()]
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

const refusalState = /^PT([45]\d\d)$/
const refusalCode = /^[a-z][a-z0-9_]*$/

/**
 * Turns a refusal of SQL into a Problem. An unknown error comes back unchanged, to be logged and hidden.
 * SQL raises PTxyz for HTTP status xyz: message = code, detail = sentence, hint = field errors or extension members as JSON.
 */
export function toProblem(thrown: unknown): unknown {
  if (thrown instanceof Problem || !(thrown instanceof Error)) return thrown
  const error: DatabaseError = thrown
  const status = Number(refusalState.exec(error.code ?? '')?.[1])
  if (status && refusalCode.test(error.message)) {
    const options = { ...readHint(error.hint), cause: thrown }
    return Problem.raisedBySql(error.message, status, error.detail ?? '', options)
  }
  const known = bySqlState[error.code ?? '']
  if (known) {
    const [code, detail] = known
    if (code === 'unavailable') return new Problem(code, detail, { retryAfterSeconds: 1, cause: thrown })
    const broken = byConstraint.get(error.constraint ?? '')
    if (!broken) return new Problem(code, detail, { cause: thrown })
    const { code: own, ...field } = broken
    return new Problem(own ?? code, own ? `${definitionOf(own).title}.` : detail, {
      errors: [field],
      cause: thrown,
    })
  }
  if (error.code?.startsWith('08') || connectionLost.test(`${error.code} ${error.message}`)) {
    return new Problem('unavailable', busy, { retryAfterSeconds: 2, cause: thrown })
  }
  return thrown
}

/** A list holds field errors, and an object extension members. */
function readHint(hint: string | undefined): {
  errors?: FieldError[]
  members?: Record<string, unknown>
} {
  if (!hint) return {}
  const said = JSON.parse(hint) as FieldError[] | Record<string, unknown>
  return Array.isArray(said) ? { errors: said } : { members: said }
}
