/** retryAfterSeconds: when to try again after a 429 or a 503. Code that raises the problem may give a better number. */
export type ProblemDefinition =
  | { status: 429 | 503; title: string; retryAfterSeconds: number }
  | {
      status: 400 | 401 | 402 | 403 | 404 | 405 | 409 | 410 | 412 | 413 | 415 | 422 | 428 | 500 | 502 | 504
      title: string
    }

const definitions = new Map<string, ProblemDefinition>()

/**
 * Declares the codes of a domain, with the HTTP status and the title of each. It stands in lib/<domain>/problems.ts,
 * which lib/<domain>/index.ts imports. So a function knows the codes of the domains that it loads. docs/errors.md lists
 * all codes and says what to do about each.
 *
 *     const problems = declareProblems({ note_locked: { status: 409, title: 'The note is locked' } })
 *
 *     declare module '../db/problem-codes.ts' {
 *       interface ProblemCodes extends Record<keyof typeof problems, true> {}
 *     }
 *
 * @throws when a code is declared twice.
 */
export function declareProblems<const Codes extends Record<string, ProblemDefinition>>(codes: Codes): Codes {
  for (const [code, definition] of Object.entries(codes)) {
    if (definitions.has(code)) throw new Error(`The problem code ${code} is declared twice.`)
    definitions.set(code, definition)
  }
  return codes
}

/** What belongs to no domain: any route may answer it. */
const general = declareProblems({
  malformed_url: { status: 400, title: 'The URL cannot be read' },
  invalid_json: { status: 400, title: 'The body is not JSON' },
  count_not_offered: { status: 400, title: 'Estimated counts are not offered' },
  forbidden: { status: 403, title: 'Not allowed' },
  not_found: { status: 404, title: 'There is nothing here' },
  method_not_allowed: { status: 405, title: 'The method is not allowed here' },
  conflict: { status: 409, title: 'This conflicts with existing data' },
  version_mismatch: { status: 412, title: 'Somebody else has changed this' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body must be JSON' },
  invalid_body: { status: 422, title: 'The body is not valid' },
  invalid_query: { status: 422, title: 'The query parameters are not valid' },
  invalid_value: { status: 422, title: 'A value is not valid' },
  if_match_required: { status: 428, title: 'Say which version you are changing' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  unavailable: { status: 503, title: 'Try again shortly', retryAfterSeconds: 2 },
  timeout: { status: 504, title: 'This took too long' },
})

/**
 * The declared codes. Each domain adds its own, so that a code that nobody declares is an error of the compiler.
 *
 * @public
 */
export interface ProblemCodes extends Record<keyof typeof general, true> {}
export type ProblemCode = keyof ProblemCodes

export function isDeclared(code: string): code is ProblemCode {
  return definitions.has(code)
}

/** @throws when the domain that declares the code is not loaded. */
export function definitionOf(code: ProblemCode): ProblemDefinition {
  const definition = definitions.get(code)
  if (!definition) throw new Error(`Nothing that is loaded declares the problem code ${code}.`)
  return definition
}

/** Every code that is declared by what is loaded. */
export function declaredCodes(): ProblemCode[] {
  return [...definitions.keys()] as ProblemCode[]
}
