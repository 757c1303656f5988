import type { Context } from 'hono'
import type { RequestHeaders } from '../db/index.ts'

type Request = Pick<Context, 'req'> & { var: { requestId?: string } }

/** The headers SQL may know: who asked, from where. Nothing else of a request reaches it. */
export function requestHeaders(c: Request): RequestHeaders {
  const headers: Record<string, string> = { 'x-request-id': c.var.requestId ?? '' }
  for (const name of ['x-forwarded-for', 'user-agent']) {
    const value = c.req.header(name)
    if (value !== undefined) headers[name] = value.slice(0, 1_000)
  }
  return headers
}
