import { createServer, type Server } from 'node:http'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { AuthRest } from './auth-rest/auth-rest.ts'
import { consoleSite, isConsoleHost } from './console/site.ts'
import { codeOf, StackFailure } from './failure.ts'
import { addressHeaders } from './functions/address-headers.ts'
import type { Functions } from './functions/functions.ts'
import { isFunctionPath, proxyToFunction } from './functions/functions-proxy.ts'
import { staticFiles } from './web.ts'

/** lite reads the whole body into memory, so its size is limited. */
const restBodyBytes = 16 * 1024 * 1024
const authBodyBytes = 1024 * 1024

/** Longer than clients keep idle connections. Otherwise one could be closed just when a request is sent over it. */
const keepAlive = { keepAliveTimeout: 65_000 }

export interface Gateway {
  readonly port: number
  /** Before this, everything but files answers 503; functions do as soon as they are there. */
  serve(authRest: Omit<AuthRest, 'lost'>): void
  stop(): Promise<void>
}

/** A site of a host of its own, such as mail.localhost, which has nothing else. */
interface LocalSite {
  isHost(host: string | undefined): boolean
  answer(request: Request): Promise<Response>
}

export interface GatewayOptions {
  sites?: LocalSite[]
  /** For the pages that speak to Auth. */
  publishableKey?: string
}

/**
 * One port for everything: /auth/v1, /rest/v1, /storage/v1, /functions/v1, and the pages of web/ for the rest. The hosts of
 * local sites have these sites, and nothing else. The host console.localhost has the console in place of those pages.
 */
export async function startGateway(
  port: number,
  root: string,
  functions: () => Functions | null,
  { sites = [], publishableKey = '' }: GatewayOptions = {},
): Promise<Gateway> {
  let authRest: Omit<AuthRest, 'lost'> | null = null
  const siteOf = (host: string | undefined) => sites.find((site) => site.isHost(host))
  const tooLarge = () => Response.json({ message: 'The body is too large.' }, { status: 413 })
  const notReady = () => Response.json({ message: 'The stack is starting.' }, { status: 503 })
  const files = staticFiles(root, publishableKey)
  const consoleFiles = consoleSite(root, publishableKey)

  const app = new Hono<{ Bindings: HttpBindings }>()
    .use(sayWhenToRetry)
    .use(async (c, next) => siteOf(c.req.header('host'))?.answer(c.req.raw) ?? next())
    .use('/auth/v1/*', bodyLimit({ maxSize: authBodyBytes, onError: tooLarge }))
    .use('/rest/v1/*', bodyLimit({ maxSize: restBodyBytes, onError: tooLarge }))
    .all('/auth/v1/*', (c) => authRest?.auth(c.req.raw) ?? notReady())
    .all('/rest/v1/*', (c) => authRest?.rest(forwarded(c.req.raw, c.env)) ?? notReady())
    .use('/storage/v1/*', bodyLimit({ maxSize: restBodyBytes, onError: tooLarge }))
    .all('/storage/v1/*', (c) => authRest?.storage(c.req.raw) ?? notReady())
    .all('/functions/v1/*', notReady)
    .all('*', (c) => {
      const { pathname } = new URL(c.req.url)
      const isConsole = isConsoleHost(c.req.header('host')) && !pathname.startsWith('/fonts/')
      return isConsole ? consoleFiles(c.req.raw) : files(c.req.raw)
    })
    .onError((error) => {
      console.error(error)
      return Response.json({ message: 'Internal Server Error' }, { status: 500 })
    })
  const listener = getRequestListener(app.fetch)

  const server = createServer(keepAlive, (req, res) => {
    const running = functions()
    if (isFunctionPath(req.url ?? '') && running && !siteOf(req.headers.host)) {
      proxyToFunction(running, req, res).catch((error) => {
        console.error(error)
        res.destroy()
      })
    } else listener(req, res)
  })
  await listen(server, port)
  const address = server.address()
  const actualPort = address && typeof address === 'object' ? address.port : port
  // Browsers may take *.localhost to ::1 first. Not every machine has it.
  const v6 = createServer(keepAlive, (req, res) => server.emit('request', req, res))
  await listen(v6, actualPort, '::1').catch(() => {})

  return {
    port: actualPort,
    serve(ready) {
      authRest = ready
    },
    async stop() {
      for (const each of [server, v6]) {
        each.closeAllConnections()
        await new Promise((resolve) => each.close(resolve))
      }
    },
  }
}

/** A refusal that SQL raised over REST has no number of its own: what is limited, is limited by the minute at most. */
const retryAfterSeconds: Record<number, number> = { 429: 60, 503: 1 }

const sayWhenToRetry: MiddlewareHandler = async (c, next) => {
  await next()
  const seconds = retryAfterSeconds[c.res.status]
  if (seconds && !c.res.headers.has('retry-after')) c.header('retry-after', String(seconds))
}

/** Adds the request's source address. */
function forwarded(request: Request, { incoming }: HttpBindings): Request {
  const headers = new Headers(request.headers)
  for (const [name, value] of addressHeaders(incoming)) headers.set(name, value)
  return new Request(request, { headers })
}

function listen(server: Server, port: number, host = '127.0.0.1'): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      if (codeOf(error) === 'EADDRINUSE') {
        reject(
          new StackFailure(
            `Port ${port} is taken: stop what listens there, or choose another with --port N (--port 0 takes any free one).`,
          ),
        )
      } else if (codeOf(error) === 'EACCES') {
        reject(
          new StackFailure(
            `Port ${port} may not be opened by this user: choose one above 1023 with --port N.`,
          ),
        )
      } else reject(error)
    })
    server.listen(port, host, resolve)
  })
}
