import type { Context } from 'hono'
import type { Asker, Claims, RequestHeaders } from '../db/index.ts'
import { clientAddress } from './client-address.ts'

/** What SQL may know of a request: who called, and from where. No other part of a request reaches SQL. */
export function requestHeaders(c: Pick<Context, 'req' | 'env'>): RequestHeaders {
  const headers: Record<string, string> = { 'x-request-id': c.env.requestId }
  const agent = c.req.header('user-agent')
  if (agent !== undefined) headers['user-agent'] = agent.slice(0, 1_000)
  const address = clientAddress((name) => c.req.header(name))
  if (address !== undefined) headers['client-address'] = address.slice(0, 100)
  return headers
}

/** Who asks, for what is done as the service and is put down to them. */
export function askerOf(
  c: Pick<Context<{ Variables: { caller: { claims: Claims } } }>, 'req' | 'env' | 'var'>,
): Asker {
  return { claims: c.var.caller.claims, headers: requestHeaders(c) }
}
