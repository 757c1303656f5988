import type { Context, MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { routePath } from 'hono/route'
import { Problem } from '../db/index.ts'
import { logAccess } from './access-log.ts'
import { problemResponse } from './problem-json.ts'
import type { GuardedVariables } from './router.ts'

const exposedHeaders = 'etag, location, retry-after, x-request-id'

// Any origin may call, because no function reads cookies: a page must be given its credential.
const preflight = cors({
  origin: '*',
  allowHeaders: [
    'authorization',
    'apikey',
    'content-type',
    'if-none-match',
    'x-client-info',
    'x-request-id',
    'x-tenant',
  ],
  maxAge: 7_200,
})

type Observed = { Variables: Partial<GuardedVariables> & { complete?: Response } }

/**
 * Wraps every request: gives it an id, refuses a URL that cannot be decoded, lets any origin read the answer, and
 * logs one line.
 */
export function observe(domain: string): MiddlewareHandler<Observed> {
  return async (c, next) => {
    const start = performance.now()
    const requestId = requestIdOf(c.req.raw.headers.get('x-request-id'))
    c.set('requestId', requestId)
    if (!isReadable(c.req.url)) c.res = problemResponse(c, malformedUrl())
    else if (c.req.method === 'OPTIONS') c.res = (await preflight(c, next)) as Response
    else await next()
    const { res } = c
    if (c.get('complete') !== res) {
      for (const [name, value] of Object.entries(commonHeaders(c))) res.headers.set(name, value)
    }
    report(domain, c, res.status, performance.now() - start)
  }
}

/** The headers of every answer. */
function commonHeaders(c: Context): Record<string, string> {
  return {
    'x-request-id': c.get('requestId'),
    'access-control-allow-origin': '*',
    'access-control-expose-headers': exposedHeaders,
  }
}

/**
 * Makes an answer with the common headers from the start. Adding them later makes Deno rebuild a finished response,
 * which cost the hottest route a fifth of its time. Other routes need not use this.
 */
export function respond(
  c: Context,
  body: string | null,
  init: { status?: number; headers: Record<string, string> },
): Response {
  const response = new Response(body, { ...init, headers: { ...init.headers, ...commonHeaders(c) } })
  c.set('complete', response)
  return response
}

function malformedUrl(): Problem {
  return new Problem('malformed_url', 'The URL has a %-escape that stands for no text.')
}

/** An id from outside is kept only if it is one word of sane length, because it appears in logs and answers. */
function requestIdOf(given: string | null): string {
  return given !== null && /^[\w.:=-]{8,128}$/.test(given) ? given : crypto.randomUUID()
}

/** Hono passes on escapes that it cannot decode. U+0000 cannot be stored, so nothing can be looked up by it. */
function isReadable(url: string): boolean {
  if (!url.includes('%')) return true
  try {
    return !decodeURIComponent(url).includes('\0')
  } catch {
    return false
  }
}

function report(domain: string, c: Context<Observed>, status: number, ms: number): void {
  logAccess({
    function: domain,
    method: c.req.method,
    path: c.req.path,
    route: routePath(c, -1),
    status,
    ms: Math.round(ms * 100) / 100,
    request_id: c.get('requestId'),
    caller: c.get('caller')?.kind ?? 'public',
    tenant: c.get('tenant')?.refId,
    code: c.error instanceof Problem ? c.error.code : undefined,
  })
}
