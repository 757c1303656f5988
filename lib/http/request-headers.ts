import type { Context } from 'hono'
import type { RequestHeaders } from '../db/index.ts'

/** The headers that SQL may see: who called, and from where. No other part of a request reaches SQL. */
export function requestHeaders(c: Pick<Context, 'req' | 'env'>): RequestHeaders {
  const headers: Record<string, string> = { 'x-request-id': c.env.requestId }
  for (const name of ['x-forwarded-for', 'user-agent']) {
    const value = c.req.header(name)
    if (value !== undefined) headers[name] = value.slice(0, 1_000)
  }
  return headers
}
