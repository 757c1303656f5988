import { type HttpBindings, serve } from '@hono/node-server'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { messageOf } from '../../failure.ts'
import { say } from '../../log.ts'
import { findPort } from '../../processes/ports.ts'
import { accountApi } from './api/account.ts'
import { messagesApi } from './api/messages.ts'
import { GraphError, invalid } from './errors.ts'
import { mostMediaBytes } from './media.ts'
import type { Platform } from './platform.ts'

export interface GraphServer {
  /** What stands for https://graph.facebook.com. */
  url: string
  stop(): Promise<void>
}

/**
 * Starts a server in the shape of Meta's Graph API, as far as WhatsApp needs it.
 * No message leaves this machine: the phones are at http://phone.localhost. `others` are APIs of other providers to telephones.
 */
export async function startGraphServer(
  platform: Platform,
  preferredPort?: number,
  others: Hono = new Hono(),
): Promise<GraphServer> {
  const port = await findPort(preferredPort)
  const url = `http://127.0.0.1:${port}`
  const server = serve({ fetch: graphApi(platform, () => url, others).fetch, port, hostname: '127.0.0.1' })
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve)
    server.once('error', reject)
  })
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        platform.stop()
        server.close(() => resolve())
        if ('closeAllConnections' in server) server.closeAllConnections()
      }),
  }
}

function graphApi(platform: Platform, url: () => string, others: Hono) {
  // Every version is answered alike, and so is none.
  const getPath = (request: Request) => new URL(request.url).pathname.replace(/^\/v[0-9]+\.[0-9]+(?=\/)/, '')
  return new Hono<{ Bindings: HttpBindings }>({ getPath })
    .use(
      bodyLimit({
        maxSize: mostMediaBytes + 64 * 1024,
        onError: (c) => c.json(invalid('The body is too large.').toJSON(), 413),
      }),
    )
    .route('/', messagesApi(platform, url))
    .route('/', others)
    .route('/', accountApi(platform))
    .notFound((c) =>
      c.json(
        new GraphError(100, { message: 'Unknown path components.', error_data: undefined }).toJSON(),
        404,
      ),
    )
    .onError((error, c) => {
      const said = error instanceof GraphError ? error : new GraphError(131_000)
      if (said !== error) say(`[whatsapp] ${messageOf(error)}`)
      return c.json(said.toJSON(), said.status as 400)
    })
}
