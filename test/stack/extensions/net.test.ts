import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type BareServer, startBareServer, waitFor } from './bare-server.ts'

interface Received {
  method: string
  url: string
  headers: IncomingMessage['headers']
  body: string
}

let server: BareServer
let admin: pg.Client
let postgres: pg.Client
let target: Server
let base: string
let received: Received[] = []
let maxConcurrent = 0

beforeAll(async () => {
  target = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(target.address() as AddressInfo).port}`
  server = await startBareServer()
  await server.startWorkers()
  admin = await server.connect('supabase_admin')
  postgres = await server.connect('postgres')
  await postgres.query('create extension if not exists pg_net with schema extensions')
})
afterAll(async () => {
  await server?.stop()
  target?.closeAllConnections()
  target?.close()
})
beforeEach(() => {
  received = []
})

let atOnce = 0
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  maxConcurrent = Math.max(maxConcurrent, ++atOnce)
  response.on('close', () => atOnce--)
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const { method = '', url = '', headers } = request
  received.push({ method, url, headers, body: Buffer.concat(chunks).toString() })
  const [, name] = url.split(/[/?]/)
  if (name === 'hang') return
  if (name === 'reset') return void request.socket.destroy()
  if (name === 'slow') await new Promise((resolve) => setTimeout(resolve, 200))
  if (name === 'moved') response.writeHead(302, { Location: '/landed' })
  else if (name === 'teapot') response.writeHead(418, { 'Content-Type': 'text/plain', 'X-Case': 'Kept' })
  else if (name === 'empty') response.writeHead(204)
  else response.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8' })
  response.end(name === 'empty' ? '' : '{"ok": true}')
}

const send = async (call: string, ...args: unknown[]): Promise<string> =>
  (await postgres.query(`select net.${call} as id`, args)).rows[0].id
const reply = async (id: string) => {
  const find = async () => (await admin.query('select * from net._http_response where id = $1', [id])).rows[0]
  await waitFor(async () => (await find()) !== undefined)
  return await find()
}

describe('a request', () => {
  test('is a GET with its parameters and headers', async () => {
    const id = await send(
      `http_get($1, params => '{"a b": "c&d", "é": "1"}', headers => '{"X-Key": "value"}')`,
      `${base}/path?x=1`,
    )
    expect(await reply(id)).toMatchObject({
      status_code: 200,
      content_type: 'application/json; charset=utf-8',
      content: '{"ok": true}',
      timed_out: false,
      error_msg: null,
    })
    expect(received).toMatchObject([{ method: 'GET', url: '/path?x=1&%C3%A9=1&a%20b=c%26d' }])
    expect(received[0]?.headers).toMatchObject({
      'x-key': 'value',
      'user-agent': expect.stringMatching(/^pg_net\//),
    })
  })

  test('is a POST with a JSON body', async () => {
    await reply(
      await send(`http_post($1, '{"name": "ünï"}', headers => '{"X-Key": "value"}')`, `${base}/post`),
    )
    expect(received).toMatchObject([{ method: 'POST', url: '/post', body: '{"name": "ünï"}' }])
    expect(received[0]?.headers).toMatchObject({ 'content-type': 'application/json', 'x-key': 'value' })
  })

  test('is a POST without a body when that is null', async () => {
    await reply(await send('http_post($1, null)', `${base}/post`))
    expect(received).toMatchObject([{ body: '', headers: { 'content-length': '0' } }])
  })

  test('is a DELETE, with a body or without', async () => {
    await reply(await send('http_delete($1)', `${base}/one`))
    await reply(await send(`http_delete($1, body => '{"id": 7}')`, `${base}/two`))
    expect(received).toMatchObject([
      { method: 'DELETE', url: '/one', body: '' },
      { method: 'DELETE', url: '/two', body: '{"id": 7}' },
    ])
  })

  test.each([
    [
      `http_post('http://x/', headers => '{"content-type": "text/plain"}')`,
      'Content-Type header must be "application/json"',
    ],
    [`http_get('/relative')`, 'invalid URL "/relative"'],
    [`http_get('localhost:6666')`, 'invalid URL "localhost:6666"'],
    [`http_get(null)`, 'null value in column "url"'],
    [`http_get('http://x/', timeout_milliseconds => null)`, 'null value in column "timeout_milliseconds"'],
  ])('is refused at once: %s', async (call, message) => {
    await expect(send(call)).rejects.toThrow(message)
  })

  test('with headers that are none is sent without them', async () => {
    for (const headers of ['[]', '"text"', '{"X-Null": null, "X-Number": 7}']) {
      expect(
        (await reply(await send('http_get($1, headers => $2)', `${base}/odd`, headers))).status_code,
      ).toBe(200)
    }
    expect(received.at(-1)?.headers).toMatchObject({ 'x-number': '7' })
  })

  test('is sent only when its transaction has committed', async () => {
    await postgres.query('begin')
    const id = await send('http_get($1)', `${base}/committed`)
    await new Promise((resolve) => setTimeout(resolve, 1300))
    expect(received).toEqual([])
    await postgres.query('commit')
    await reply(id)
    expect(received).toHaveLength(1)
  })

  test('is never sent when its transaction rolls back', async () => {
    await postgres.query('begin')
    await send('http_get($1)', `${base}/rolled-back`)
    await postgres.query('rollback')
    await postgres.query('begin')
    await postgres.query('savepoint here')
    await send('http_get($1)', `${base}/rolled-back`)
    await postgres.query('rollback to here')
    await postgres.query('commit')
    await reply(await send('http_get($1)', `${base}/after`))
    await new Promise((resolve) => setTimeout(resolve, 1300))
    expect(received.map(({ url }) => url)).toEqual(['/after'])
  })

  test('may be made by the API’s roles, as on a hosted project', async () => {
    await postgres.query('set role anon')
    const id = await send('http_get($1)', `${base}/anon`).finally(() => postgres.query('reset role'))
    expect((await reply(id)).status_code).toBe(200)
  })
})

describe('a reply', () => {
  test('is kept whatever its status, with its headers as they came', async () => {
    const found = await reply(await send('http_get($1)', `${base}/teapot`))
    expect(found).toMatchObject({
      status_code: 418,
      content_type: 'text/plain',
      headers: { 'X-Case': 'Kept' },
    })
  })

  test('without a body has no content', async () => {
    expect(await reply(await send('http_get($1)', `${base}/empty`))).toMatchObject({
      status_code: 204,
      content: null,
    })
  })

  test('is the one that redirects lead to, a POST having become a GET', async () => {
    expect((await reply(await send('http_post($1)', `${base}/moved`))).status_code).toBe(200)
    expect(received.map(({ method, url }) => `${method} ${url}`)).toEqual(['POST /moved', 'GET /landed'])
  })

  test('that does not come in time is recorded as timed out', async () => {
    const found = await reply(await send('http_get($1, timeout_milliseconds => 150)', `${base}/hang`))
    expect(found).toMatchObject({ status_code: null, timed_out: true })
    expect(found.error_msg).toMatch(/^Timeout of 150 ms reached\. Total time: \d+\.\d+ ms/)
  })

  test.each([
    ['http://127.0.0.1:1/', `Couldn't connect to server`],
    ['http://no-such-host.invalid/', `Couldn't resolve host name`],
    ['ftp://127.0.0.1/file', 'Unsupported protocol'],
  ])('that cannot come is recorded with the reason: %s', async (url, message) => {
    const found = await reply(await send('http_get($1)', url))
    expect(found).toMatchObject({ status_code: null, timed_out: false, error_msg: message })
  })

  test('that is cut off is recorded as an error', async () => {
    const found = await reply(await send('http_get($1)', `${base}/reset`))
    expect(found).toMatchObject({ status_code: null, error_msg: 'Failure when receiving data from the peer' })
  })

  test('is deleted after its time to live', async () => {
    await admin.query(
      `insert into net._http_response (id, created) values (-1, now() - interval '6 hours 1 minute')`,
    )
    await admin.query(`insert into net._http_response (id, created) values (-2, now() - interval '5 hours')`)
    // A worker that starts sweeps first.
    await postgres.query('select net.worker_restart()')
    const left = async () => (await admin.query('select id from net._http_response where id < 0')).rows
    await waitFor(async () => (await left()).length === 1)
    expect(await left()).toEqual([{ id: '-2' }])
  })
})

describe('the worker', () => {
  test('empties the queue, some at a time', async () => {
    maxConcurrent = 0
    await postgres.query(`select net.http_get($1) from generate_series(1, 300)`, [`${base}/slow`])
    await waitFor(async () => received.length === 300)
    await waitFor(async () => (await admin.query('select from net.http_request_queue')).rowCount === 0)
    expect(maxConcurrent).toBeGreaterThan(10)
    expect(maxConcurrent).toBeLessThanOrEqual(50)
  })

  test('is not held up by one that hangs', async () => {
    const hanging = await send('http_get($1, timeout_milliseconds => 30000)', `${base}/hang`)
    await reply(await send('http_get($1)', `${base}/quick`))
    const { rows } = await admin.query('select from net._http_response where id = $1', [hanging])
    expect(rows).toEqual([])
  })

  test('is said to be up while it is', async () => {
    await postgres.query('select net.check_worker_is_up(), net.wait_until_running()')
    await server.stopWorkers()
    await expect(postgres.query('select net.check_worker_is_up()')).rejects.toThrow('worker is not up')
    const id = await send('http_get($1)', `${base}/waited`)
    await server.startWorkers()
    expect((await reply(id)).status_code).toBe(200)
  })

  test('sends again what was under way when it stopped', async () => {
    const id = await send('http_get($1, timeout_milliseconds => 60000)', `${base}/hang?cut-off`)
    const arrivals = () => received.filter(({ url }) => url === '/hang?cut-off').length
    await waitFor(async () => arrivals() === 1)
    await server.stopWorkers()
    await server.startWorkers()
    await waitFor(async () => arrivals() === 2)
    await admin.query('delete from net.http_request_queue where id = $1', [id])
  })

  test('goes on after the server was killed', async () => {
    await server.crash()
    admin = await server.connect('supabase_admin')
    postgres = await server.connect('postgres')
    expect((await reply(await send('http_get($1)', `${base}/after-crash`))).status_code).toBe(200)
  })

  test('follows the extension when it is dropped and made again', async () => {
    await postgres.query('drop extension pg_net')
    await postgres.query('create extension if not exists pg_net with schema extensions')
    expect((await reply(await send('http_get($1)', `${base}/again`))).status_code).toBe(200)
  })
})
