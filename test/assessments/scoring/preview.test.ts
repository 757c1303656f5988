import { beforeAll, describe, expect, it } from 'vitest'
import { ScoringPreview } from '../../../lib/assessments/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

let owner: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})
const config = (
  framework: string,
  rest: string,
  options: { method: string; body: unknown; version?: number },
) =>
  call(`/assessments/frameworks/${framework}/config${rest}`, {
    ...{ method: options.method, body: options.body, token: owner.token, tenant: tenant.slug },
    ...(options.version !== undefined && { headers: { 'if-match': `"${options.version}"` } }),
  })
const preview = (framework: string, body: unknown) => config(framework, '/preview', { method: 'POST', body })

describe('a preview', () => {
  it('scores answers in each format, by the words and weights of the tenant', async () => {
    const answers = { s1: 7, s2: 7, p1: 1, p2: 4 }
    const result = ScoringPreview.parse(await (await preview('industry4', { answers })).json())
    expect(result).toMatchObject({ version: 0, mode: 'likert', answered_count: 4, item_count: 10 })
    // Without an answer an item gives its middle: technology, people and data are at 50.
    expect(result.scores.map(({ id, score }) => [id, score])).toEqual([
      ['strategy', 100],
      ['technology', 50],
      ['people', 50],
      ['data', 50],
      ['processes', 25],
    ])
    for (const [mode, given] of [
      ['qa', { q01: 'a' }],
      ['game', { g02: 'b' }],
      ['deal', { d01: 'a' }],
      ['realm', { r01: 'b' }],
      ['likert', { l01: 5 }],
    ] as const) {
      const response = await preview('money-archetypes', { mode, answers: given })
      expect(ScoringPreview.parse(await response.json()).primary_id, mode).not.toBeNull()
    }
  })

  it('scores a test client by the newest version', async () => {
    const body = {
      test_clients: [{ id: 'ada', name: 'Ada', answers: { s1: 7 } }],
      archetype_overrides: { strategy: { name: 'Direction' } },
      scoring_overrides: { engine: { missing: 'skip', decimals: 2 } },
    }
    expect((await config('industry4', '', { method: 'PATCH', body, version: 0 })).status).toBe(200)
    const result = ScoringPreview.parse(await (await preview('industry4', { test_client: 'ada' })).json())
    expect(result.scores[0]).toEqual({ id: 'strategy', name: 'Direction', score: 100, band: 'leading' })
    expect(result.scores[1]).toMatchObject({ score: 0, band: 'beginning' })
  })

  it.each<[unknown, string, string]>([
    [{}, 'invalid_body', ''],
    [{ answers: {}, test_client: 'ada' }, 'invalid_body', ''],
    [{ answers: [] }, 'invalid_body', '/answers'],
    [{ answers: { l01: true } }, 'invalid_body', '/answers/l01'],
    [{ mode: 'duel', answers: {} }, 'invalid_value', '/mode'],
    [{ mode: 'constructor', answers: {} }, 'invalid_value', '/mode'],
    [{ test_client: 'nobody' }, 'invalid_value', '/test_client'],
    [{ answers: { l99: 1 } }, 'invalid_value', '/answers/l99'],
    [{ answers: { l01: 6 } }, 'invalid_value', '/answers/l01'],
    [{ mode: 'qa', answers: { q01: 'z' } }, 'invalid_value', '/answers/q01'],
  ])('of %j is refused', async (body, code, pointer) => {
    const refused = await problemOf(await preview('money-archetypes', body))
    expect(refused).toMatchObject({ status: 422, code })
    expect(refused.pointers).toContain(pointer)
  })

  it('of a framework that is not there is refused', async () => {
    expect(await problemOf(await preview('nothing', { answers: {} }))).toMatchObject({
      code: 'framework_not_found',
    })
  })
})
