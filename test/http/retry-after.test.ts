import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { Problem, type ProblemCode, toProblem } from '../../lib/db/index.ts'
import { problemFrom, problemResponse } from '../../lib/http/problem-json.ts'
import { type Gateway, startGateway } from '../../stack/gateway.ts'
import { makePerson } from '../kit/people.ts'
import { makeTempDir } from '../kit/stack.ts'
import { makeTenant } from '../kit/tenants.ts'
import { codes, statusOf } from './declared-problems.ts'

const temporary = codes.filter((code) => [429, 503].includes(statusOf(code)))
const lasting = codes.filter((code) => !temporary.includes(code))

/** What a caller gets when this is thrown. */
async function answerTo(thrown: unknown): Promise<Response> {
  const app = new Hono().get('/', (c) => problemResponse(c, problemFrom(thrown)))
  return app.request('/')
}

/** As Postgres reports what private.raise_problem() raised. */
function raisedBySql(code: ProblemCode): Error {
  return Object.assign(new Error(code), { code: `PT${statusOf(code)}`, detail: 'Wait.' })
}

describe.each(temporary)('%s says after how many seconds to try again', (code) => {
  it.each([
    ['thrown without a number', new Problem(code, 'Wait.')],
    ['raised by SQL, which sends no number', raisedBySql(code)],
    ['thrown again with another sentence', new Problem(code, 'Wait.', { errors: [], cause: new Error() })],
  ])('%s', async (_, thrown) => {
    const response = await answerTo(thrown)
    expect(response.status).toBe(statusOf(code))
    expect(response.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
  })
  it('and the number of whoever knows better wins', async () => {
    const response = await answerTo(new Problem(code, 'Wait.', { retryAfterSeconds: 7 }))
    expect(response.headers.get('retry-after')).toBe('7')
  })
})

it.each(['40001', '40P01', '55P03', '53300', '57P01', '57P02', '57P03', '08006'])(
  'the database state %s is answered with 503 and a Retry-After',
  async (state) => {
    const response = await answerTo(toProblem(Object.assign(new Error('busy'), { code: state })))
    expect([response.status, response.headers.get('retry-after')]).toEqual([
      503,
      expect.stringMatching(/^[1-9]\d*$/),
    ])
  },
)

it.each(lasting)('%s does not invite anybody to try again', async (code) => {
  expect((await answerTo(raisedBySql(code))).headers.get('retry-after')).toBeNull()
})

describe('the embedded gateway', () => {
  let starting: Gateway
  beforeAll(async () => {
    starting = await startGateway(0, await makeTempDir(), () => null)
  })
  afterAll(() => starting.stop())

  it.each(['/auth/v1/token', '/rest/v1/', '/rest/v1/tenants', '/functions/v1/usage/events', '/functions/v1'])(
    'while the stack starts, %s says when to try again',
    async (path) => {
      for (const method of ['GET', 'POST']) {
        const response = await fetch(`http://127.0.0.1:${starting.port}${path}`, { method })
        expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
        expect(await response.json()).toEqual({ message: 'The stack is starting.' })
      }
    },
  )
  it('says it for what SQL refuses over REST with 429, and for nothing else', async () => {
    const { api_url, publishable_key } = inject('stack')
    const owner = await makePerson()
    const tenant = await makeTenant({ owner })
    const rpc = (name: string, body: object) =>
      fetch(`${api_url}/rest/v1/rpc/${name}`, {
        method: 'POST',
        headers: {
          apikey: publishable_key,
          authorization: `Bearer ${owner.token}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ tenant_id: tenant.id, token_hash: 'x'.repeat(32), ...body }),
      })
    const invited = await rpc('invite_member', { email: 'new@example.com', role: 'member' })
    expect([invited.status, invited.headers.get('retry-after')]).toEqual([200, null])
    const { id } = (await invited.json()) as { id: string }
    const resent = await rpc('resend_invitation', { invitation_id: id })
    expect([resent.status, resent.headers.get('retry-after')]).toEqual([429, '60'])
    const unknown = await rpc('resend_invitation', { invitation_id: tenant.id })
    expect([unknown.status, unknown.headers.get('retry-after')]).toEqual([404, null])
  })
})
