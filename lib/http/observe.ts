import { type Context, Hono } from 'hono'
import { cors } from 'hono/cors'
import { routePath } from 'hono/route'
import { Problem } from '../db/index.ts'
import { logAccess } from './access-log.ts'
import { problemResponse } from './problem-json.ts'
import type { GuardedVariables } from './router.ts'

const exposedHeaders = 'etag, location, retry-after, x-request-id'

// Any origin may call: a page must be given its credential. The one cookie, of a registration, is sent to no page of another
// site (SameSite), and no page of another origin may read an answer to it: that takes allow-credentials.
const preflight = cors({
  origin: '*',
  allowHeaders: [
    'authorization',
    'apikey',
    'content-type',
    'idempotency-key',
    'if-match',
    'if-none-match',
    'x-client-info',
    'x-request-id',
    'x-session-token',
    'x-tenant',
  ],
  maxAge: 7_200,
})

/** What is known of a request while it is answered. It is what Hono calls the bindings: `c.env` in every handler. */
interface Observation {
  requestId: string
  /** Set by the handler that answers. */
  context?: Context<ObservedEnv>
  /** The code of a refusal. */
  code?: string
  /** The answer that has the common headers already. */
  complete?: Response
}

/** What a handler finds in its context, whoever may call its route. */
export interface ObservedEnv {
  Bindings: Observation
  Variables: Partial<GuardedVariables>
}

type Fetch = (request: Request, observation: Observation) => Response | Promise<Response>

/** Answers what no route sees: preflights, and URLs that cannot be decoded. */
const aside = new Hono<ObservedEnv>().all('*', (c, next) => {
  c.env.context = c
  return isReadable(c.req.url)
    ? (preflight(c, next) as Promise<Response>)
    : problemResponse(c, malformedUrl())
})

/**
 * Wraps every request: gives it an id, refuses a URL that cannot be decoded, lets any origin read the answer, and
 * logs one line. It stands around Hono and is no middleware, because then a page in the cache is answered without a promise.
 */
export function observe(domain: string, fetch: Fetch): (request: Request) => Response | Promise<Response> {
  return (request) => {
    const start = performance.now()
    const observation: Observation = { requestId: requestIdOf(request.headers.get('x-request-id')) }
    const finish = (answer: Response) => {
      if (observation.complete !== answer) setCommonHeaders(answer.headers, observation.requestId)
      report(domain, request, observation, answer.status, start)
      return answer
    }
    const isAside = request.method === 'OPTIONS' || !isReadable(request.url)
    const answer = (isAside ? (aside.fetch as Fetch) : fetch)(request, observation)
    return answer instanceof Promise ? answer.then(finish) : finish(answer)
  }
}

/** Sets the headers that every answer has. */
function setCommonHeaders(headers: Headers, requestId: string): void {
  headers.set('x-request-id', requestId)
  headers.set('access-control-allow-origin', '*')
  headers.set('access-control-expose-headers', exposedHeaders)
}

/**
 * Makes an answer with the common headers from the start. Adding them later makes Deno rebuild a finished response,
 * which cost the hottest route a fifth of its time. Other routes need not use this.
 */
export function respond(
  c: Context,
  body: string | null,
  { status = 200, type, headers }: { status?: number; type?: string; headers: Record<string, string> },
): Response {
  // Deno prepares an answer of several headers for sending, and prepares it again if one is added. One header from
  // the start, and the others set, is prepared once.
  const response = new Response(body, type ? { status, headers: { 'content-type': type } } : { status })
  for (const name in headers) response.headers.set(name, headers[name]!)
  const observation: Observation = c.env
  setCommonHeaders(response.headers, observation.requestId)
  observation.complete = response
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

function report(
  domain: string,
  request: Request,
  observation: Observation,
  status: number,
  start: number,
): void {
  const c = observation.context
  const at = performance.now()
  const answered = {
    function: domain,
    route: c ? routePath(c, -1) : '',
    status,
    ms: Math.round((at - start) * 100) / 100,
    at,
  }
  logAccess(answered, () => ({
    method: request.method,
    path: c?.req.path ?? '',
    request_id: observation.requestId,
    caller: c?.get('caller')?.kind ?? 'public',
    tenant: c?.get('tenant')?.refId,
    code: observation.code,
  }))
}
