import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp, describeRoute, Problem, router } from '../../lib/http/index.ts'
import { eventually } from '../kit/eventually.ts'

const app = createApp('test').route(
  '/things',
  router({ auth: 'public' })
    .get('/good', describeRoute('Good', { 200: { description: 'Good.' } }), (c) => c.text('good'))
    .get('/bad', () => {
      throw new Error('for tests')
    })
    .get('/refused', () => {
      throw new Problem('forbidden', 'For tests.')
    }),
)

interface Line {
  event?: string
  path?: string
  code?: string
  request_id?: string
  function: string
  route: string
  status: number
  requests?: number
  ms_max?: number
}

let written: Line[] = []
beforeEach(async () => {
  // The second of the test before is over.
  await sleep(1_100)
  written = []
  vi.spyOn(console, 'log').mockImplementation((text: string) => {
    written.push(...text.split('\n').map((line) => JSON.parse(line) as Line))
  })
})
afterEach(() => void vi.restoreAllMocks())

const ask = (path: string) => app.request(`/test/things/${path}`)
const counts = () => written.filter(({ event }) => event === 'requests_counted')
const accesses = (route: string) => written.filter((line) => line.event === undefined && line.route === route)

describe('the log', () => {
  it('has a line for each request while they are few', async () => {
    for (let n = 0; n < 20; n++) await ask('good')
    await sleep(1_200)
    expect(accesses('/test/things/good')).toHaveLength(20)
    expect(counts()).toEqual([])
  })

  it('counts what goes well above fifty a second, so that nothing is missing in the sum', async () => {
    for (let n = 0; n < 400; n++) await ask('good')
    await eventually(() => {
      const counted = counts().reduce((sum, { requests }) => sum + requests!, 0)
      expect(accesses('/test/things/good').length + counted).toBe(400)
    })
    expect(counts().length).toBeGreaterThan(0)
    for (const line of counts())
      expect(line).toMatchObject({ function: 'test', route: '/test/things/good', status: 200 })
  })

  it('says of a refusal which it was, where, and in which request', async () => {
    const response = await ask('refused')
    await ask('missing')
    await app.request('/test/things/%ff')
    await app.request('/test/things/good', { method: 'OPTIONS' })
    await eventually(() => expect(written).toHaveLength(4))
    const request_id = response.headers.get('x-request-id')
    expect(written[0]).toMatchObject({
      route: '/test/things/refused',
      status: 403,
      code: 'forbidden',
      request_id,
    })
    expect(written.map(({ path }) => path)).toEqual([
      '/test/things/refused',
      '/test/things/missing',
      expect.stringContaining('/test/things/'),
      '/test/things/good',
    ])
    expect(written.map(({ status }) => status)).toEqual([403, 404, 400, 204])
  })

  it('never leaves out an error', async () => {
    for (let n = 0; n < 120; n++) await Promise.all([ask('good'), ask('bad'), ask('missing')])
    await eventually(() => {
      expect(accesses('/test/things/bad').filter(({ status }) => status === 500)).toHaveLength(120)
      expect(written.filter(({ status, event }) => status === 404 && !event)).toHaveLength(120)
    })
    expect(counts().every(({ status }) => status < 400)).toBe(true)
  })
})
