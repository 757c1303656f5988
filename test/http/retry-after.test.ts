import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { Problem, type ProblemCode, toProblem } from '../../lib/db/index.ts'
import { problemFrom, problemResponse } from '../../lib/http/problem-json.ts'
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
