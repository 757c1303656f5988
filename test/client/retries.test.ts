import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createClient,
  NetworkFault,
  Problem,
  type RetryOptions,
  UnexpectedAnswer,
} from '../../lib/client/index.ts'
import { pauseBefore } from '../../lib/client/retry.ts'
import {
  cutShort,
  hangUp,
  json,
  problem,
  raw,
  type ScriptedServer,
  serve,
  silence,
} from './scripted-server.ts'

const quick: RetryOptions = { baseDelaySeconds: 0.01 }
const connect = ({ url }: ScriptedServer, retry: RetryOptions = quick) => createClient({ url, retry })
const products = { products: [] }
const event = { type: 'llm.call', tokens_used: 1 }

describe('a request that is safe to repeat', () => {
  it.each([
    ['a connection that is closed', hangUp],
    ['a body that is cut short', cutShort],
    ['429', problem(429, 'rate_limited')],
    ['503', problem(503, 'unavailable')],
    ["a proxy's 503", raw(503, 'text/html', '<h1>Busy</h1>')],
  ])('is sent again after %s', async (_name, fault) => {
    const server = await serve(fault, fault, json(products))
    const { data } = await connect(server).GET('/registry/products')
    expect(data).toEqual(products)
    expect(server.seen.map(({ method, url }) => `${method} ${url}`)).toEqual(
      Array(3).fill('GET /functions/v1/registry/products'),
    )
  })

  it('is given up after four attempts, with what the last one was told', async () => {
    const server = await serve(hangUp, problem(429, 'rate_limited'), problem(503, 'unavailable'))
    await expect(connect(server).GET('/registry/products')).rejects.toMatchObject({
      name: 'Problem',
      code: 'unavailable',
      status: 503,
      requestId: 'request-1',
    })
    expect(server.seen).toHaveLength(4)
  })

  it('is sent as often as the client was told, and once with 1', async () => {
    const server = await serve(hangUp)
    await expect(connect(server, { maxAttempts: 1 }).GET('/registry/products')).rejects.toThrow(NetworkFault)
    expect(server.seen).toHaveLength(1)
  })

  it('keeps its body', async () => {
    const server = await serve(hangUp, problem(503, 'unavailable'), json({ status: 'accepted' }))
    const body = { ...event, id: 'once' }
    await connect(server).POST('/usage/events', { body })
    expect(server.seen.map((seen) => JSON.parse(seen.body))).toEqual([body, body, body])
  })

  it.each([
    [
      'PUT',
      (client: ReturnType<typeof connect>) =>
        client.PUT('/registry/tenants/{ref}/products/{product}', {
          params: { path: { ref: 'a', product: 'bots' } },
          body: {},
        }),
    ],
    [
      'DELETE',
      (client: ReturnType<typeof connect>) =>
        client.DELETE('/registry/tenants/{ref}/products/{product}', {
          params: { path: { ref: 'a', product: 'bots' } },
        }),
    ],
    [
      'POST of events with ids',
      (client: ReturnType<typeof connect>) =>
        client.POST('/usage/events', {
          body: {
            events: [
              { ...event, id: '1' },
              { ...event, event_id: '2' },
            ],
          },
        }),
    ],
  ])('may be a %s', async (_name, ask) => {
    const server = await serve(hangUp, json({}))
    await ask(connect(server))
    expect(server.seen).toHaveLength(2)
  })
})

describe('a request that may have had an effect', () => {
  it.each([
    [
      'a POST',
      (client: ReturnType<typeof connect>) =>
        client.POST('/registry/tenants', { body: { slug: 'a', name: 'A' } }),
    ],
    [
      'a PATCH',
      (client: ReturnType<typeof connect>) =>
        client.PATCH('/branding/brand', {
          params: { header: { 'if-match': '"1"' } },
          body: { display_name: 'A' },
        }),
    ],
    [
      'an event without an id',
      (client: ReturnType<typeof connect>) => client.POST('/usage/events', { body: event }),
    ],
    [
      'a batch with one event without an id',
      (client: ReturnType<typeof connect>) =>
        client.POST('/usage/events', { body: { events: [{ ...event, id: '1' }, event] } }),
    ],
  ])('is sent once: %s', async (_name, ask) => {
    for (const fault of [hangUp, problem(503, 'unavailable'), problem(429, 'rate_limited')]) {
      const server = await serve(fault, json({}))
      await expect(ask(connect(server))).rejects.toThrow()
      expect(server.seen).toHaveLength(1)
    }
  })

  it.each([400, 401, 403, 404, 409, 422, 500, 502, 504])('is not sent again after %i', async (status) => {
    const server = await serve(problem(status, 'some_code'), json(products))
    await expect(connect(server).GET('/registry/products')).rejects.toThrow(Problem)
    expect(server.seen).toHaveLength(1)
  })
})

describe('Retry-After', () => {
  it('is waited for, in seconds and as a date', async () => {
    const date = new Date(Date.now() + 2_000).toUTCString()
    for (const header of ['1', date]) {
      const server = await serve(problem(429, 'rate_limited', { 'retry-after': header }), json(products))
      const asked = Date.now()
      await connect(server).GET('/registry/products')
      // A date has whole seconds only.
      const due = header === '1' ? asked + 1_000 : Math.floor(Date.parse(date) / 1_000) * 1_000
      expect(Date.now()).toBeGreaterThanOrEqual(due - 20)
    }
  })

  it('that is longer than the client waits is told instead', async () => {
    const server = await serve(problem(429, 'rate_limited', { 'retry-after': '3600' }), json(products))
    await expect(connect(server).GET('/registry/products')).rejects.toMatchObject({
      code: 'rate_limited',
      retryAfterSeconds: 3600,
    })
    expect(server.seen).toHaveLength(1)
  })

  it('that is nonsense is ignored', async () => {
    const server = await serve(problem(503, 'unavailable', { 'retry-after': 'soon' }), json(products))
    await connect(server).GET('/registry/products')
    expect(server.seen).toHaveLength(2)
  })

  it('and jitter keep every pause in its bounds', () => {
    const positive = fc.double({ min: 0.001, max: 100, noNaN: true })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        positive,
        positive,
        fc.option(fc.nat(200)),
        (attempt, baseDelaySeconds, maxDelaySeconds, asked) => {
          const options = { maxAttempts: 50, baseDelaySeconds, maxDelaySeconds }
          const headers = new Headers(asked === null ? {} : { 'retry-after': String(asked) })
          const pause = pauseBefore(attempt, options, headers)
          const isOver = attempt >= 50 || (asked !== null && asked > maxDelaySeconds)
          expect(pause === undefined).toBe(isOver)
          if (pause === undefined) return
          expect(pause).toBeLessThanOrEqual(maxDelaySeconds)
          expect(pause).toBeGreaterThanOrEqual(
            Math.max(asked ?? 0, Math.min(baseDelaySeconds, maxDelaySeconds) / 2),
          )
        },
      ),
    )
  })
})

describe('an aborted call', () => {
  const path = '/registry/products'

  it('throws the reason at once while it waits for an answer', async () => {
    const server = await serve(silence)
    const reason = new Error('the user left')
    const control = new AbortController()
    const call = connect(server).GET(path, { signal: control.signal })
    while (server.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    control.abort(reason)
    await expect(call).rejects.toBe(reason)
  })

  it('throws it at once during a pause, and sends nothing more', async () => {
    const server = await serve(problem(429, 'rate_limited', { 'retry-after': '15' }))
    const control = new AbortController()
    const call = connect(server).GET(path, { signal: control.signal })
    while (server.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    setTimeout(() => control.abort(), 50)
    await expect(call).rejects.toMatchObject({ name: 'AbortError' })
    expect(server.seen).toHaveLength(1)
  })

  it('is not sent when it was aborted before', async () => {
    const server = await serve(json(products))
    await expect(connect(server).GET(path, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    })
    expect(server.seen).toHaveLength(0)
  })
})

it('an attempt that takes too long is a network fault, and the next one may succeed', async () => {
  const server = await serve(silence, json(products))
  const client = createClient({ url: server.url, retry: quick, timeoutSeconds: 0.2 })
  expect((await client.GET('/registry/products')).data).toEqual(products)
  const mute = await serve(silence)
  const impatient = createClient({ url: mute.url, retry: { maxAttempts: 1 }, timeoutSeconds: 0.1 })
  await expect(impatient.GET('/registry/products')).rejects.toThrow(/it took longer than 0.1 seconds/)
})

it('a token is asked for again before each attempt', async () => {
  const server = await serve(hangUp, raw(503, undefined, ''), json(products))
  let count = 0
  const client = createClient({ url: server.url, retry: quick, accessToken: async () => `token-${++count}` })
  await client.GET('/registry/products')
  expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer token-1',
    'Bearer token-2',
    'Bearer token-3',
  ])
})

it('a proxy that stays busy is no problem document', async () => {
  const server = await serve(raw(503, 'text/html', '<h1>Busy</h1>'))
  await expect(connect(server).GET('/registry/products')).rejects.toThrow(UnexpectedAnswer)
})
