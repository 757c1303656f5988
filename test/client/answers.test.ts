import { describe, expect, it } from 'vitest'
import { createClient, NetworkFault, Problem, UnexpectedAnswer } from '../../lib/client/index.ts'
import { cutShort, hangUp, json, problem, raw, type Step, serve } from './scripted-server.ts'

async function failureOf(step: Step): Promise<unknown> {
  const { url } = await serve(step)
  const client = createClient({ url, retry: { maxAttempts: 1 } })
  return client.GET('/registry/products').then(
    () => expect.unreachable('it was taken for an answer'),
    (error) => error,
  )
}

describe('a problem document', () => {
  it('is thrown with all that it says', async () => {
    const document = {
      type: 'urn:tenantry:problem:slug_taken',
      title: 'The slug is taken',
      status: 409,
      detail: 'The slug "a" is taken.',
      instance: '/registry/tenants',
      code: 'slug_taken',
      request_id: 'request-2',
      errors: [{ pointer: '/slug', detail: 'is taken' }],
    }
    const headers = { 'content-type': 'application/problem+json; charset=utf-8', 'retry-after': '7' }
    const error = await failureOf(json(document, 409, headers))
    expect(error).toBeInstanceOf(Problem)
    expect(error).toMatchObject({
      name: 'Problem',
      message: 'slug_taken: The slug "a" is taken.',
      code: 'slug_taken',
      status: 409,
      title: 'The slug is taken',
      detail: 'The slug "a" is taken.',
      errors: [{ pointer: '/slug', detail: 'is taken' }],
      requestId: 'request-2',
      retryAfterSeconds: 7,
    })
  })

  it('that says little is one all the same', async () => {
    const error = await failureOf(json({ code: 'odd' }, 418, { 'content-type': 'application/problem+json' }))
    expect(error).toMatchObject({ name: 'Problem', code: 'odd', status: 418, detail: 'odd', errors: [] })
  })

  it('has the status that was sent, whatever it says', async () => {
    const error = await failureOf(
      json({ code: 'odd', status: 200 }, 403, { 'content-type': 'application/problem+json' }),
    )
    expect(error).toMatchObject({ status: 403 })
  })
})

describe('what is no answer of the API', () => {
  it.each<[string, Step, object]>([
    ['an empty 502', raw(502, undefined, ''), { status: 502, contentType: undefined, excerpt: '' }],
    [
      "a proxy's page",
      raw(502, 'text/html', '<h1>Bad gateway</h1>'),
      { status: 502, contentType: 'text/html' },
    ],
    ['a page with 200', raw(200, 'text/html', '<h1>Log in to the Wi-Fi</h1>'), { status: 200 }],
    ['an empty 200', raw(200, undefined, ''), { status: 200, excerpt: '' }],
    ['JSON that ends too early', raw(200, 'application/json', '{"products": ['), { status: 200 }],
    ['JSON that is no problem', json({ message: 'no' }, 500), { status: 500 }],
    ['a problem without a code', raw(500, 'application/problem+json', '{"title": "Oh"}'), { status: 500 }],
    [
      'a problem that is not JSON',
      raw(500, 'application/problem+json', 'Oh'),
      { status: 500, excerpt: 'Oh' },
    ],
    ['a problem that is null', raw(500, 'application/problem+json', 'null'), { status: 500 }],
    ['a long page', raw(500, 'text/html', 'x'.repeat(9_000)), { excerpt: 'x'.repeat(500) }],
  ])('is thrown as such: %s', async (_name, step, expected) => {
    const error = await failureOf(step)
    expect(error).toBeInstanceOf(UnexpectedAnswer)
    expect(error).toMatchObject(expected)
    expect((error as Error).message).toMatch(
      /^The server answered \d{3} with .+, which is no answer of this API\.$/,
    )
  })

  it('keeps the request id, if there is one', async () => {
    const error = await failureOf(problem(500, 'x', { 'content-type': 'text/plain' }))
    expect(error).toMatchObject({ name: 'UnexpectedAnswer', requestId: 'request-1' })
  })
})

describe('no answer', () => {
  it.each([
    ['a closed connection', hangUp],
    ['a body that is cut', cutShort],
  ])('is a network fault: %s', async (_name, step) => {
    const error = await failureOf(step)
    expect(error).toBeInstanceOf(NetworkFault)
    expect((error as Error).message).toMatch(
      /^GET http:\/\/127\.0\.0\.1:\d+\/functions\/v1\/registry\/products got no answer: \w/,
    )
  })

  it('says why nobody could be reached, and leaves the query out', async () => {
    const client = createClient({ url: 'http://127.0.0.1:1', retry: { maxAttempts: 1 } })
    const call = client.GET('/branding/resolve', { params: { query: { host: 'ada.example' } } })
    await expect(call).rejects.toThrow(
      /^GET http:\/\/127\.0\.0\.1:1\/functions\/v1\/branding\/resolve got no answer: .*(ECONNREFUSED|bad port)/,
    )
  })
})

describe('a good answer', () => {
  it('without a body is undefined', async () => {
    const { url } = await serve((response) => response.writeHead(204).end())
    const { data, response } = await createClient({ url }).DELETE('/branding/domains/{domain}', {
      params: { path: { domain: 'x' } },
    })
    expect([data, response.status]).toEqual([undefined, 204])
  })

  it('is read as text, bytes or a stream when asked for', async () => {
    const { url } = await serve(raw(200, 'text/css', ':root{}'))
    const client = createClient({ url })
    const params = { path: { slug: 'a' } }
    const path = '/branding/by-slug/{slug}/theme.css'
    expect((await client.GET(path, { params, parseAs: 'text' })).data).toBe(':root{}')
    const bytes = (await client.GET(path, { params, parseAs: 'arrayBuffer' })).data
    expect(new TextDecoder().decode(bytes)).toBe(':root{}')
    const stream = (await client.GET(path, { params, parseAs: 'stream' })).data
    expect(await new Response(stream).text()).toBe(':root{}')
  })

  it('that is streamed can still be aborted', async () => {
    const { url } = await serve((response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' })
      response.write('{}\n')
    })
    const control = new AbortController()
    const { data } = await createClient({ url }).GET('/registry/tenants/{ref}/export', {
      params: { path: { ref: 'a' } },
      parseAs: 'stream',
      signal: control.signal,
    })
    const reader = data!.getReader()
    await reader.read()
    control.abort(new Error('enough'))
    await expect(reader.read()).rejects.toThrow('enough')
  })
})
