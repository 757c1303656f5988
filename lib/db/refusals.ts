import { asCaller, type Claims, type RequestHeaders } from './caller.ts'
import { sql } from './sql.ts'

/** A request to change something that was not granted, or that failed. */
export interface Refusal {
  /** The tenant's slug or ref_id as it was named; null for the caller's only one. */
  tenant: string | null
  method: string
  /** The route's pattern, not the path: ids of what was asked for stay out of the log. */
  route: string
  status: number
  code: string
}

/**
 * Writes a refusal to the tenant's audit log, in a transaction of its own: the request's one is gone.
 * SQL decides whether it belongs there; a stranger's leaves nothing.
 */
export async function recordRefusal(
  claims: Claims,
  headers: RequestHeaders,
  { tenant, method, route, status, code }: Refusal,
): Promise<void> {
  await asCaller(
    claims,
    (db) => db.query(sql`select private.record_refusal(${tenant}, ${method}, ${route}, ${status}, ${code})`),
    headers,
  )
}
