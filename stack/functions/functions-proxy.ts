import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf } from '../failure.ts'
import { addressHeaders } from './address-headers.ts'
import type { EdgeFunction } from './function-process.ts'
import type { Functions } from './functions.ts'

const prefix = '/functions/v1'
const agent = new Agent({ keepAlive: true, maxSockets: 256 })
/** A function that reloads is back within this time; hosted callers never see a deploy either. */
const timeoutMs = 2000
const hopByHop = ['connection', 'keep-alive', 'proxy-connection', 'te', 'transfer-encoding', 'upgrade']

export const isFunctionPath = (url: string) => url === prefix || url.startsWith(`${prefix}/`)

/** Hands a request to its function as the hosted gateway does: without /functions/v1, bodies streamed. */
export async function proxyToFunction(functions: Functions, req: IncomingMessage, res: ServerResponse) {
  const path = (req.url ?? '/').slice(prefix.length)
  const name = /^\/([\w-]+)(?=[/?]|$)/.exec(path)?.[1]
  const target = name === undefined ? undefined : functions.find(name)
  if (!target)
    return problem(
      res,
      404,
      'function_not_found',
      `There is no function "${name ?? ''}"; one that was added since needs a restart.`,
    )

  const until = Date.now() + timeoutMs
  for (;;) {
    const outcome = await attempt(target, path, req, res)
    if (outcome === 'answered') return
    if (outcome === 'failed') {
      return problem(res, 502, 'function_failed', `The function "${name}" ended while it answered.`)
    }
    if (Date.now() > until) {
      res.setHeader('retry-after', '1')
      return problem(
        res,
        503,
        'function_unavailable',
        `The function "${name}" is not running: it is starting, reloading, or has an error that the stack's log shows.`,
      )
    }
    await sleep(50)
  }
}

type Outcome = 'answered' | 'failed' | 'not listening'

function attempt(
  target: EdgeFunction,
  path: string,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const hasBody =
      req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0
    const upstream = request({
      ...{ agent, host: '127.0.0.1', port: target.port, path, method: req.method ?? 'GET' },
      headers: forwardedHeaders(req),
      setHost: false,
    })
    const abort = () => {
      if (!res.writableFinished) upstream.destroy()
    }
    res.once('close', abort)
    upstream.on('response', (answer) => {
      res.writeHead(answer.statusCode ?? 502, endToEnd(answer.rawHeaders))
      answer.pipe(res)
      answer.once('end', () => resolve('answered'))
      answer.once('error', () => {
        res.destroy()
        resolve('answered')
      })
    })
    upstream.on('error', (error) => {
      res.off('close', abort)
      const code = codeOf(error)
      if (res.headersSent) {
        res.destroy()
        return resolve('answered')
      }
      // The function's restart closed a kept-alive connection, so it has read nothing of the request.
      const stale = upstream.reusedSocket && !hasBody && code === 'ECONNRESET'
      resolve(code === 'ECONNREFUSED' || stale ? 'not listening' : 'failed')
    })
    if (!hasBody) return upstream.end()
    // The body is only touched when somebody listens, so that it is whole for another try.
    upstream.once('socket', (socket) => {
      const send = () => req.pipe(upstream)
      if (socket.connecting) socket.once('connect', send)
      else send()
    })
  })
}

function forwardedHeaders(req: IncomingMessage): string[] {
  // This gateway is the edge, as Supabase's is when hosted, so it replaces what a caller claims, or appends to it.
  const claimed = /^x-forwarded-(host|for|proto|port)$|^x-real-ip$|^cf-connecting-ip$/i
  const headers = endToEnd(req.rawHeaders, claimed)
  if (req.headers['transfer-encoding'] !== undefined) headers.push('transfer-encoding', 'chunked')
  headers.push('x-forwarded-host', req.headers.host ?? '')
  headers.push('x-forwarded-proto', 'http')
  headers.push(...addressHeaders(req).flat())
  return headers
}

/** Raw header pairs without those that concern one connection only. */
function endToEnd(raw: string[], alsoDrop?: RegExp): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!
    if (!hopByHop.includes(name.toLowerCase()) && !alsoDrop?.test(name)) kept.push(name, raw[i + 1]!)
  }
  return kept
}

function problem(res: ServerResponse, status: number, code: string, detail: string): void {
  if (res.headersSent) return
  const title = { 404: 'Not Found', 502: 'Bad Gateway', 503: 'Service Unavailable' }[status] ?? 'Error'
  res.writeHead(status, {
    'content-type': 'application/problem+json',
    'access-control-allow-origin': '*',
    'cache-control': 'no-store',
  })
  res.end(JSON.stringify({ type: 'about:blank', title, status, detail, code }))
}
