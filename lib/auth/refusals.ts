import { asCaller, type Claims, type Problem, type RequestHeaders, sql } from '../db/index.ts'
import { log } from '../runtime/index.ts'

/** A request that was refused or that failed. */
export interface RefusedRequest {
  /** Missing when nobody said who they are. */
  claims: Claims | undefined
  headers: RequestHeaders
  /** The tenant's slug or ref_id as it was named. Null: the caller's only one. Undefined: the route is of no tenant. */
  tenant: string | null | undefined
  method: string
  /** The route's pattern, not the path: ids of what was asked for stay out of the log. */
  route: string
}

/**
 * Refusals that say something about the tenant: what its people may not do, or could not. A request
 * that cannot be read or does not fit attempted nothing, and one without a caller is nobody's.
 */
const recorded = new Set([402, 403, 404, 409])
const harmless = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Records that a request to change something in a tenant was refused or failed, before the answer
 * leaves. Never the reason that a request fails: what cannot be recorded is logged. SQL decides whether
 * it belongs in the tenant's audit log; a stranger's refusal leaves nothing there.
 */
export async function noteRefusal(request: RefusedRequest, { status, code }: Problem): Promise<void> {
  const { claims, headers, tenant, method, route } = request
  if (!claims || tenant === undefined || harmless.has(method)) return
  if (!recorded.has(status) && status < 500) return
  try {
    // In a transaction of its own: the request's one is gone.
    await asCaller(
      claims,
      (db) =>
        db.query(sql`select private.record_refusal(${tenant}, ${method}, ${route}, ${status}, ${code})`),
      headers,
    )
  } catch (thrown) {
    log('error', {
      request_id: headers['x-request-id'],
      code: 'refusal_not_recorded',
      stack: thrown instanceof Error ? thrown.stack : String(thrown),
    })
  }
}
