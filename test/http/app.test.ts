import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { body, createApp, describeRoute, params, query, router } from '../../lib/http/index.ts'
import { eventually } from '../kit/eventually.ts'

const Thing = z.strictObject({
  name: z.string().min(2).max(10),
  size: z.int().min(1).optional(),
  tags: z.array(z.strictObject({ 'a/b': z.string() })).optional(),
  kind: z.enum(['x', 'y']).optional(),
})

const things = router({ auth: 'public' })
  .get(
    '/',
    describeRoute('List', { 200: { description: 'All.' } }),
    query(z.strictObject({ page: z.coerce.number().int().optional() })),
    (c) => c.json(c.req.valid('query')),
  )
  .post('/', body(Thing), (c) => c.json(c.req.valid('json'), 201))
  .get('/broken', () => {
    throw new Error('password=hunter2')
  })
  .get('/:id', params(z.object({ id: z.string().regex(/^\d+$/) })), (c) => c.text(c.req.valid('param').id))

const app = createApp('test').route('/things', things)

const post = (
  content: BodyInit | null,
  headers: Record<string, string> = { 'content-type': 'application/json' },
) =>
  app.request('/test/things', {
    method: 'POST',
    body: content,
    headers,
    ...(content instanceof ReadableStream && { duplex: 'half' }),
  })

interface ProblemJson {
  status: number
  code: string
  detail: string
  instance: string
  request_id: string
  errors?: { pointer: string; detail: string }[]
}
const problem = async (response: Response | Promise<Response>) => {
  const answer = await response
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  const document = (await answer.json()) as ProblemJson
  expect(document).toMatchObject({ status: answer.status, type: `urn:tenantry:problem:${document.code}` })
  return document
}

describe('every answer', () => {
  it('carries a request id of its own making', async () => {
    const ids = await Promise.all(
      [1, 2].map(async () => (await app.request('/test/things')).headers.get('x-request-id')),
    )
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/)
    expect(ids[0]).not.toBe(ids[1])
  })
  it.each([
    ['abcdefgh-1', true],
    ['trace:01=a.b', true],
    ['short', false],
    ['a'.repeat(129), false],
    ['has space in it', false],
    ['"quoted-quoted"', false],
  ])('keeps the request id %j: %s', async (id, isKept) => {
    const { headers } = await app.request('/test/things', { headers: { 'x-request-id': id } })
    expect(headers.get('x-request-id') === id).toBe(isKept)
  })
  it('may be read by any origin, without credentials', async () => {
    for (const path of ['/test/things', '/test/nowhere', '/test/things/broken', '/test/things/%ff']) {
      const { headers } = await app.request(path, { headers: { origin: 'https://anywhere.example' } })
      expect(headers.get('access-control-allow-origin')).toBe('*')
      expect(headers.get('access-control-allow-credentials')).toBeNull()
      expect(headers.get('access-control-expose-headers')).toContain('etag')
    }
  })
  it('is asked for beforehand once in two hours', async () => {
    const { status, headers } = await app.request('/test/things', {
      method: 'OPTIONS',
      headers: { origin: 'https://anywhere.example', 'access-control-request-method': 'POST' },
    })
    expect(status).toBe(204)
    expect(headers.get('access-control-max-age')).toBe('7200')
    expect(headers.get('access-control-allow-headers')).toContain('x-tenant')
    expect(headers.get('access-control-allow-methods')).toContain('PATCH')
  })
  it('has the same headers for HEAD, and no body', async () => {
    const response = await app.request('/test/things/7', { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('')
  })
  it('leaves one line in the log, without what may be secret', async () => {
    const lines: string[] = []
    const spy = vi
      .spyOn(console, 'log')
      .mockImplementation((text: string) => void lines.push(...text.split('\n')))
    const id = `log-${Math.random().toString(36).slice(2)}`
    await app.request('/test/things/7?token=hunter2', {
      headers: { 'x-request-id': id, authorization: 'Bearer hunter2' },
    })
    await eventually(() => expect(lines.some((line) => line.includes(id))).toBe(true))
    spy.mockRestore()
    const mine = lines.filter((line) => line.includes(id))
    expect(mine).toHaveLength(1)
    expect(mine[0]).not.toContain('hunter2')
    expect(JSON.parse(mine[0] ?? '')).toMatchObject({
      level: 'info',
      function: 'test',
      method: 'GET',
      path: '/test/things/7',
      route: '/test/things/:id',
      status: 200,
      caller: 'public',
    })
  })
})

describe('an address', () => {
  it('nobody offers is 404', async () => {
    expect(await problem(app.request('/test/nowhere'))).toMatchObject({
      status: 404,
      code: 'not_found',
      instance: '/test/nowhere',
    })
  })
  it('offered for other methods is 405 and names them', async () => {
    const response = await app.request('/test/things', { method: 'DELETE' })
    expect(response.headers.get('allow')?.split(', ').sort()).toEqual(['GET', 'HEAD', 'POST'])
    expect(await problem(response)).toMatchObject({ status: 405, code: 'method_not_allowed' })
  })
  it.each(['%', '%zz', '%ff', '%c3%28', '%00', 'a%00b', '7?x=%ff', '7?x=%00'])(
    'that cannot be decoded is 400: %s',
    async (path) => {
      expect(await problem(app.request(`/test/things/${path}`))).toMatchObject({
        status: 400,
        code: 'malformed_url',
      })
    },
  )
  it('whose parameter can name nothing is 404', async () => {
    expect(await problem(app.request('/test/things/seven'))).toMatchObject({ code: 'not_found' })
  })
  it('that fails unforeseen is 500 and reveals nothing', async () => {
    const spy = vi.spyOn(console, 'log').mockImplementation(() => {})
    const document = await problem(app.request('/test/things/broken'))
    spy.mockRestore()
    expect(document).toMatchObject({ status: 500, code: 'internal' })
    expect(JSON.stringify(document)).not.toContain('hunter2')
  })
})

describe('a body', () => {
  it.each([
    ['hello', 'line 1, column 1'],
    ['{"name":"ab",\n}', 'line 2, column 1'],
    ['{"name":"ab"', 'ends too early'],
    ['', 'empty'],
    [' \n', 'empty'],
    ['['.repeat(65), 'nested'],
    [`{"name":${'['.repeat(500_000)}`, 'nested'],
  ])('that is not JSON is 400 and says where: %.20j', async (text, where) => {
    const document = await problem(post(text))
    expect(document).toMatchObject({ status: 400, code: 'invalid_json' })
    expect(document.detail).toContain(where)
  })
  it('that is not UTF-8 is 400', async () => {
    expect(await problem(post(new Uint8Array([0x22, 0xff, 0x22])))).toMatchObject({ code: 'invalid_json' })
  })
  it.each([
    [{ 'content-type': 'text/plain' }],
    [{ 'content-type': 'application/x-www-form-urlencoded' }],
    [{ 'content-type': 'application/json; charset=latin1' }],
    [{ 'content-type': 'application/jsonp' }],
    [{ 'content-type': 'application/json', 'content-encoding': 'gzip' }],
  ])('announced as %j is 415', async (headers) => {
    expect(await problem(post('{"name":"ab"}', headers as unknown as Record<string, string>))).toMatchObject({
      status: 415,
      code: 'unsupported_media_type',
    })
  })
  it.each(['application/json', 'Application/JSON; charset=UTF-8', 'application/cloudevents+json'])(
    'may be announced as %s',
    async (type) => {
      expect((await post('{"name":"ab"}', { 'content-type': type })).status).toBe(201)
    },
  )
  it('of 10 MB is 413, with its length said or not', async () => {
    const large = new Uint8Array(10 * 1_048_576).fill(0x20)
    expect(await problem(post(large))).toMatchObject({ status: 413, code: 'payload_too_large' })
    const chunks = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < large.length; at += 65_536) controller.enqueue(large.subarray(at, at + 65_536))
        controller.close()
      },
    })
    expect(await problem(post(chunks))).toMatchObject({ status: 413, code: 'payload_too_large' })
  })
  it('of exactly 1 MiB is read, and one byte more is not', async () => {
    const json = '{"name":"ab"}'
    expect((await post(json.padEnd(1_048_576))).status).toBe(201)
    expect((await post(json.padEnd(1_048_577))).status).toBe(413)
  })
  it.each<[unknown, [pointer: string, detail: string][]]>([
    [{}, [['/name', 'is missing']]],
    [{ name: 1 }, [['/name', 'must be text']]],
    [{ name: 'a' }, [['/name', 'must have at least 2 characters']]],
    [{ name: 'a'.repeat(11) }, [['/name', 'must have at most 10 characters']]],
    [{ name: 'ab', size: 0 }, [['/size', 'must be at least 1']]],
    [{ name: 'ab', size: 1.5 }, [['/size', 'must be a whole number']]],
    [{ name: 'ab', kind: 'z' }, [['/kind', 'must be one of "x", "y"']]],
    [
      { name: 'ab', 'x~y/z': 1, w: 1 },
      [
        ['/x~0y~1z', 'is not a known field'],
        ['/w', 'is not a known field'],
      ],
    ],
    [{ name: 'ab', tags: [{ 'a/b': 'x' }, { 'a/b': 2 }] }, [['/tags/1/a~1b', 'must be text']]],
    [[], [['', 'must be an object']]],
    [null, [['', 'must be an object']]],
    [
      { name: 'a\u0000b' },
      [['/name', 'holds a character that cannot be stored (U+0000, or half of a surrogate pair)']],
    ],
    [
      { name: 'a\ud800' },
      [['/name', 'holds a character that cannot be stored (U+0000, or half of a surrogate pair)']],
    ],
  ])('that does not fit is 422 and names the fields: %j', async (value, expected) => {
    const document = await problem(post(JSON.stringify(value)))
    expect(document).toMatchObject({ status: 422, code: 'invalid_body' })
    expect(document.errors?.map(({ pointer, detail }) => [pointer, detail])).toEqual(expected)
  })
  it('may spell a backslash before u0000', async () => {
    expect((await post('{"name":"\\\\u0000"}')).status).toBe(201)
  })
  it('cannot reach a prototype', async () => {
    expect((await post('{"name":"ab","__proto__":{"size":1}}')).status).toBe(422)
  })
})

describe('query parameters', () => {
  it.each([
    ['page=x', '/page'],
    ['pages=1', '/pages'],
    ['page=1&page=2', '/page'],
  ])('that do not fit are 422: %s', async (search, pointer) => {
    expect(await problem(app.request(`/test/things?${search}`))).toMatchObject({
      status: 422,
      code: 'invalid_query',
      errors: [{ pointer }],
    })
  })
})
