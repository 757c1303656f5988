import { asCaller, type Claims, type Problem, type RequestHeaders, sql } from '../db/index.ts'
import { log } from '../runtime/index.ts'

/** A request that was refused or that failed. */
export interface RefusedRequest {
  /** Missing if the request had no credential. */
  claims: Claims | undefined
  headers: RequestHeaders
  /** The slug or ref_id that the request named. Null: the caller's only tenant. Undefined: the route has no tenant. */
  tenant: string | null | undefined
  method: string
  /** The route's pattern and not the path, so that ids stay out of the log. */
  route: string
}

/**
 * Refusals that say something about the tenant: what its people may not do, or could not do. A request that
 * cannot be read or has the wrong shape attempted nothing. A request without a caller belongs to nobody.
 */
const recorded = new Set([402, 403, 404, 409])
const harmless = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Records, before the answer is sent, that a request to change something in a tenant was refused or failed. It
 * never makes a request fail: if it cannot record, it logs. SQL decides whether the refusal belongs in the
 * tenant's audit log. A stranger's refusal leaves nothing there.
 */
export async function noteRefusal(request: RefusedRequest, { status, code }: Problem): Promise<void> {
  const { claims, headers, tenant, method, route } = request
  if (!claims || tenant === undefined || harmless.has(method)) return
  if (!recorded.has(status) && status < 500) return
  try {
    // In a transaction of its own, because the request's was rolled back.
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
