import type { Context } from 'hono'
import type { Asker, Claims, RequestHeaders } from '../db/index.ts'

/** The headers that SQL may see: who called, and from where. No other part of a request reaches SQL. */
export function requestHeaders(c: Pick<Context, 'req' | 'env'>): RequestHeaders {
  const headers: Record<string, string> = { 'x-request-id': c.env.requestId }
  for (const name of ['x-forwarded-for', 'user-agent']) {
    const value = c.req.header(name)
    if (value !== undefined) headers[name] = value.slice(0, 1_000)
  }
  return headers
}

/** Who asks, for what is done as the service and is put down to them. */
export function askerOf(
  c: Pick<Context<{ Variables: { caller: { claims: Claims } } }>, 'req' | 'env' | 'var'>,
): Asker {
  return { claims: c.var.caller.claims, headers: requestHeaders(c) }
}
