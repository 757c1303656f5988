import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { z } from 'zod'
import { Problem, type ProblemCode, toProblem } from '../db/index.ts'

/** The body of every refusal (RFC 9457). `code` is stable; `detail` is for people and may change. */
export const ProblemDocument = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string(),
    request_id: z.string(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  })
  .meta({ id: 'Problem', description: 'Why a request was refused (RFC 9457).' })

/** Turns any thrown value into a Problem. An unexpected one becomes `internal` and reveals nothing. */
export function problemFrom(thrown: unknown): Problem {
  const problem = toProblem(thrown)
  if (problem instanceof Problem) return problem
  if (problem instanceof HTTPException && problem.status === 404) return new Problem('not_found', nothingHere)
  const detail = 'An unexpected error occurred and was recorded. Quote the request id if you report it.'
  return new Problem('internal', detail, { cause: thrown })
}

export const nothingHere = 'There is no such address. See openapi.json for those there are.'

/** The one place that writes a problem document. */
export function problemResponse(c: Context, problem: Problem): Response {
  const document: z.infer<typeof ProblemDocument> = {
    type: problemType(problem.code),
    title: problem.title,
    status: problem.status,
    detail: problem.detail,
    instance: c.req.path,
    code: problem.code,
    request_id: c.env?.requestId,
    ...(problem.errors && { errors: problem.errors }),
    ...problem.members,
  }
  return new Response(JSON.stringify(document), {
    status: problem.status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      // SQL refuses too, for example a key that was revoked during its request, and it cannot set headers.
      ...(problem.status === 401 && { 'www-authenticate': 'Bearer realm="tenantry", error="invalid_token"' }),
      ...problem.headers,
    },
  })
}

/** A name for the kind of problem. It is not a link: docs/errors.md lists it under the same code. */
function problemType(code: ProblemCode): string {
  return `urn:tenantry:problem:${code}`
}
