import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { checkNumber } from '../../../lib/bots/number/check.ts'
import { Platform } from '../../../stack/providers/graph/platform.ts'
import { type GraphServer, startGraphServer } from '../../../stack/providers/graph/server.ts'

const platform = Platform.open()
let graph: GraphServer
let line: Server
let callback: Server
/** How many requests Meta answers before the line to it is cut, and how many it got. */
let most = Number.POSITIVE_INFINITY
let count = 0
/** What is answered in Meta's place behind these. */
let instead: { status: number; body: string } | null = null

const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
const listen = (server: Server) => new Promise<void>((done) => server.listen(0, '127.0.0.1', done))

beforeAll(async () => {
  graph = await startGraphServer(platform)
  line = createServer(async (asked, answer) => {
    if (++count > most) {
      if (!instead) return void asked.socket.destroy()
      return void answer.writeHead(instead.status).end(instead.body)
    }
    const chunks: Buffer[] = []
    for await (const chunk of asked) chunks.push(chunk as Buffer)
    const said = await fetch(`${graph.url}${asked.url}`, {
      method: asked.method!,
      headers: {
        authorization: asked.headers.authorization!,
        'content-type': asked.headers['content-type'] ?? 'text/plain',
      },
      ...(asked.method === 'POST' && { body: Buffer.concat(chunks) }),
    })
    answer.writeHead(said.status, { 'content-type': 'application/json' }).end(await said.text())
  })
  callback = createServer((asked, answer) => {
    answer.end(new URL(asked.url!, 'http://localhost').searchParams.get('hub.challenge'))
  })
  await listen(line)
  await listen(callback)
  vi.stubEnv('TENANTRY_WHATSAPP_URL', urlOf(line))
  vi.stubEnv('TENANTRY_ALLOW_PRIVATE_URLS', 'loopback')
})
afterAll(async () => {
  vi.unstubAllEnvs()
  line.close()
  callback.close()
  await graph.stop()
})
beforeEach(() => {
  most = Number.POSITIVE_INFINITY
  count = 0
  instead = null
})

function claim() {
  const { phone_number_id, waba_id, token, app_secret } = platform.makeNumber()
  return {
    ...{ phone_number_id, business_account_id: waba_id, access_token: token, app_secret },
    ...{ verify_token: 'verify', webhook_url: urlOf(callback), is_taken: false },
  }
}

it('all is well after six questions', async () => {
  expect((await checkNumber(claim())).problem).toBeNull()
  expect(count).toBe(6)
})

it.each([0, 1, 2, 3, 4, 5])(
  'Meta that is gone after %i answers says nothing of the number',
  async (answers) => {
    most = answers
    const number = claim()
    expect((await checkNumber(number)).problem).toBe('unreachable')
    expect(platform.find(number.phone_number_id)?.callback_url).toBeNull()
  },
)

it.each([
  ['a page of a proxy', 502, '<html>'],
  ['nothing', 200, ''],
  ['JSON of another shape', 200, '[1, 2]'],
  ['a limit', 400, '{"error": {"code": 4, "message": "(#4) Application request limit reached"}}'],
  ['an error without a code', 500, '{"error": "no"}'],
])('%s says nothing of the number either', async (_what, status, body) => {
  for (const answers of [0, 1, 2, 3]) {
    most = answers
    count = 0
    instead = { status, body }
    expect((await checkNumber(claim())).problem, `after ${answers}`).toBe('unreachable')
  }
})

it('a code that is not known here is a refusal, which says something', async () => {
  most = 2
  instead = { status: 400, body: '{"error": {"code": 131031, "message": "Account has been locked"}}' }
  expect((await checkNumber(claim())).problem).toBe('refused')
})

it('a callback that does not answer the handshake is said so', async () => {
  const number = { ...claim(), webhook_url: 'http://127.0.0.1:9/' }
  expect((await checkNumber(number)).problem).toBe('callback_refused')
})

it('a name with control characters can be stored', async () => {
  const number = claim()
  platform.find(number.phone_number_id)!.verified_name = 'Sho\u0000p\ud800'
  expect((await checkNumber(number)).verified_name).toBe('Sho p ')
})
