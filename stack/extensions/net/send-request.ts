import http from 'node:http'
import https from 'node:https'

const MOST_REDIRECTS = 30

/** One row of net.http_request_queue. */
export interface NetRequest {
  method: string
  url: string
  headers: Record<string, string> | null
  body: Buffer | null
  timeoutMs: number
}

/** What net._http_response keeps of a reply, or of a missing reply. */
export interface NetReply {
  statusCode: number | null
  contentType: string | null
  headers: Record<string, string> | null
  content: string | null
  timedOut: boolean
  errorMessage: string | null
}

/**
 * Sends as curl does for pg_net: it follows redirects, decompresses nothing, and keeps header names as they came.
 * fetch cannot do that, because it adds headers of its own and changes the reply's.
 * Never rejects, except when `signal` is aborted.
 */
export async function sendRequest(request: NetRequest, signal: AbortSignal): Promise<NetReply> {
  const startedAt = performance.now()
  const deadline = new AbortController()
  const timer = request.timeoutMs > 0 ? setTimeout(() => deadline.abort(), request.timeoutMs) : undefined
  try {
    return await follow(request, AbortSignal.any([signal, deadline.signal]))
  } catch (error) {
    if (signal.aborted) throw error
    const elapsedMs = (performance.now() - startedAt).toFixed(6)
    const timedOut = deadline.signal.aborted
    return {
      ...failure(
        timedOut
          ? `Timeout of ${request.timeoutMs} ms reached. Total time: ${elapsedMs} ms`
          : describe(error as NodeJS.ErrnoException),
      ),
      timedOut,
    }
  } finally {
    clearTimeout(timer)
  }
}

/** The record of a missing reply. */
export function failure(errorMessage: string): NetReply {
  return { statusCode: null, contentType: null, headers: null, content: null, timedOut: false, errorMessage }
}

async function follow(request: NetRequest, signal: AbortSignal): Promise<NetReply> {
  let current = request
  for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
    const response = await exchange(current, signal)
    const location = response.headers.location
    if (!location || ![301, 302, 303, 307, 308].includes(response.statusCode ?? 0)) {
      return await readReply(response)
    }
    response.resume()
    current = redirect(current, new URL(location, current.url), response.statusCode ?? 0)
  }
  throw new Error('Number of redirects hit maximum amount')
}

function redirect(request: NetRequest, target: URL, statusCode: number): NetRequest {
  const isForeign = target.origin !== new URL(request.url).origin
  const becomesGet = statusCode < 304 && request.method.toUpperCase() === 'POST'
  // Credentials are only for the host to which they were addressed.
  const dropped = (name: string) =>
    (isForeign && /^(authorization|cookie)$/i.test(name)) || (becomesGet && /^content-type$/i.test(name))
  return {
    ...request,
    url: target.href,
    headers: Object.fromEntries(Object.entries(request.headers ?? {}).filter(([name]) => !dropped(name))),
    ...(becomesGet ? { method: 'GET', body: null } : {}),
  }
}

function exchange(request: NetRequest, signal: AbortSignal): Promise<http.IncomingMessage> {
  const url = new URL(request.url)
  const library = { 'http:': http, 'https:': https }[url.protocol]
  if (!library) throw new Error('Unsupported protocol')
  const method = request.method.toUpperCase()
  const given = Object.entries(request.headers ?? {}).filter(([name]) => !/^content-length$/i.test(name))
  const headers: Record<string, string> = { Accept: '*/*', 'User-Agent': 'pg_net/0.19.5' }
  if (request.body) headers['Content-Type'] = 'application/x-www-form-urlencoded'
  for (const [name, value] of given) {
    const earlier = Object.keys(headers).find((key) => key.toLowerCase() === name.toLowerCase())
    if (earlier) delete headers[earlier]
    headers[name] = value
  }
  // Node would send the body of a GET or DELETE without its length.
  if (request.body || method === 'POST') headers['Content-Length'] = String(request.body?.length ?? 0)
  return new Promise((resolve, reject) => {
    const outgoing = library.request(url, { method, headers, signal, agent: false })
    outgoing.on('response', resolve)
    outgoing.on('error', reject)
    outgoing.end(request.body ?? undefined)
  })
}

async function readReply(response: http.IncomingMessage): Promise<NetReply> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  // Text in Postgres cannot hold a zero byte. pg_net keeps the text before the first one.
  const content = Buffer.concat(chunks).toString('utf8').split('\0', 1)[0] ?? ''
  const headers: Record<string, string> = {}
  for (let i = 0; i < response.rawHeaders.length; i += 2) {
    headers[response.rawHeaders[i] ?? ''] = response.rawHeaders[i + 1] ?? ''
  }
  return {
    statusCode: response.statusCode ?? null,
    contentType: response.headers['content-type'] ?? null,
    headers,
    content: content === '' ? null : content,
    timedOut: false,
    errorMessage: null,
  }
}

/** curl's words for the common errors, so that a query for one of them works on both. */
function describe(error: NodeJS.ErrnoException): string {
  const cause =
    error instanceof AggregateError ? ((error.errors[0] as NodeJS.ErrnoException) ?? error) : error
  const code = cause.code ?? ''
  if (/^(ENOTFOUND|EAI_)/.test(code)) return "Couldn't resolve host name"
  if (/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EADDRNOTAVAIL)$/.test(code))
    return "Couldn't connect to server"
  if (/^(ECONNRESET|EPIPE)$/.test(code)) return 'Failure when receiving data from the peer'
  if (/CERT|SELF_SIGNED|ALTNAME/.test(code)) return 'SSL peer certificate or SSH remote key was not OK'
  return cause.message
}
