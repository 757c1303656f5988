import type { Context } from 'hono'
import { routePath } from 'hono/route'
import { type Problem, type RequestHeaders, recordRefusal } from '../db/index.ts'
import { log } from './log.ts'
import type { GuardedVariables } from './router.ts'

type Refused = Pick<Context, 'req'> & { var: Partial<GuardedVariables> }

/**
 * Refusals that say something about the tenant: what its people may not do, or could not. A request
 * that cannot be read or does not fit attempted nothing, and one without a caller is nobody's.
 */
const recorded = new Set([402, 403, 404, 409])
const harmless = new Set(['GET', 'HEAD', 'OPTIONS'])

/** The headers SQL may know: who asked, from where. Nothing else of a request reaches it. */
export function requestHeaders(c: Refused): RequestHeaders {
  const headers: Record<string, string> = { 'x-request-id': c.var.requestId ?? '' }
  for (const name of ['x-forwarded-for', 'user-agent']) {
    const value = c.req.header(name)
    if (value !== undefined) headers[name] = value.slice(0, 1_000)
  }
  return headers
}

/**
 * Records that a request to change something in a tenant was refused or failed, before the answer
 * leaves. Never the reason that a request fails: what cannot be recorded is logged.
 */
export async function noteRefusal(c: Refused, problem: Problem): Promise<void> {
  const { claims, tenant, tenantName } = c.var
  if (!claims || tenantName === undefined || harmless.has(c.req.method)) return
  if (!recorded.has(problem.status) && problem.status < 500) return
  try {
    await recordRefusal(claims, requestHeaders(c), {
      tenant: tenant?.refId ?? tenantName,
      method: c.req.method,
      route: routePath(c as Context, -1),
      status: problem.status,
      code: problem.code,
    })
  } catch (thrown) {
    log('error', {
      request_id: c.var.requestId,
      code: 'refusal_not_recorded',
      stack: thrown instanceof Error ? thrown.stack : String(thrown),
    })
  }
}
