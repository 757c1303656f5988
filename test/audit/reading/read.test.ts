import { beforeAll, describe, expect, it } from 'vitest'
import { call, problemOf } from '../../kit/call.ts'
import { superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { logPath, makeLog, type Page, readPage } from './log.ts'

let owner: Person
let reviewer: Person
let tenant: Tenant
beforeAll(async () => {
  ;({ owner, reviewer, tenant } = await makeLog())
})

const at = (rest = '', of = tenant) => logPath(of, rest)
const read = (query = '', token = owner.token) => readPage(tenant, token, query)

describe('reading', () => {
  it('goes page by page from the newest to the first, each row once', async () => {
    const seen: number[] = []
    let cursor: string | null = null
    do {
      const page: Page = await read(`?limit=5${cursor ? `&cursor=${cursor}` : ''}`)
      expect(page.events.length).toBeLessThanOrEqual(5)
      seen.push(...page.events.map(({ seq }) => seq))
      cursor = page.next_cursor
    } while (cursor)
    const newest = seen[0]!
    expect(seen).toEqual(Array.from({ length: newest }, (_, n) => newest - n))
  })

  it('filters by actor, action, target, time and failure, together', async () => {
    const whole = (await read('?limit=100')).events
    const only = async (query: string) => (await read(`?limit=100&${query}`)).events
    const refused = await only('is_failure=true')
    expect(refused.map(({ actor_id, action }) => [actor_id, action])).toEqual([
      [reviewer.refId, 'request.refused'],
    ])
    const campaigns = await only('action=campaigns.created')
    expect(campaigns).toHaveLength(12)
    expect(await only(`target=${campaigns[3]!.target_id}`)).toEqual([campaigns[3]])
    expect(
      (await only(`actor=${owner.refId}&action=tenants.updated`)).map((event) => event.target_name),
    ).toEqual(['Renamed'])
    const [since, until] = [campaigns[6]!.created_at, campaigns[2]!.created_at]
    expect((await only(`since=${since}&until=${until}`)).map(({ seq }) => seq)).toEqual(
      campaigns.slice(3, 7).map(({ seq }) => seq),
    )
    expect(await only('product=nothing')).toEqual([])
    expect(whole.length).toBeGreaterThan(18)
  })

  it('gives one row by its seq, and 404 for one that is not there yet or is not its own', async () => {
    const { events } = await read('?limit=100&action=campaigns.created')
    const one = await call(at(`/${events[3]!.seq}`), { token: owner.token })
    expect([one.status, await one.json()]).toEqual([200, events[3]])
    const wrong = async (rest: string, token = owner.token) => problemOf(await call(at(rest), { token }))
    for (const seq of ['99999', '0', '-1', 'x', '1.5', '9007199254740993'])
      expect(await wrong(`/${seq}`), seq).toEqual({ status: 404, code: 'not_found', pointers: [] })
    expect(await wrong('/1', (await makePerson()).token)).toMatchObject({
      status: 404,
      code: 'tenant_not_found',
    })
  })

  it.each([
    ['?limit=0', '/limit'],
    ['?limit=101', '/limit'],
    ['?cursor=!', '/cursor'],
    ['?cursor=YmVmb3JlOi0x', '/cursor'],
    ['?since=yesterday', '/since'],
    ['?from=2026-01-01T00:00:00Z', '/from'],
    ['?is_failure=maybe', '/is_failure'],
    ['?suppress=true', '/suppress'],
  ])('refuses %s', async (query, pointer) => {
    expect(await problemOf(await call(at(query), { token: owner.token }))).toEqual({
      status: 422,
      code: 'invalid_query',
      pointers: [pointer],
    })
  })

  it('is itself recorded, once a minute and reader', async () => {
    const read_ = await makeTenant({ owner })
    for (let n = 0; n < 3; n++) await call(at('', read_), { token: owner.token })
    const { events } = (await (await call(at('', read_), { token: owner.token })).json()) as Page
    expect(events.filter(({ action }) => action === 'audit.viewed')).toMatchObject([
      { actor_id: owner.refId, crud: 'r', target_type: 'audit_log' },
    ])
  })

  it("shows nothing of another tenant's", async () => {
    const stranger = await makePerson()
    const theirs = await makeTenant({ owner: stranger })
    const page = (await (await call(at('?limit=100', theirs), { token: stranger.token })).json()) as Page
    expect(new Set(page.events.map((event) => event.tenant_id))).toEqual(new Set([theirs.id]))
    expect((await call(at('', theirs), { token: owner.token })).status).toBe(404)
  })
})

describe('verifying', () => {
  it('says that the chain holds, and up to where', async () => {
    // The newest row is the one about this very question.
    const verdict = (await (await call(at('/verify'), { token: owner.token })).json()) as object
    const { rows } = await superuser.query(
      'select seq::int, hash from public.audit_log where tenant_id = $1 order by seq desc offset 1 limit 1',
      [tenant.id],
    )
    expect(verdict).toEqual({ is_intact: true, checkpoint: { tenant: tenant.id, ...rows[0] }, break: null })
  })

  it('names the first break', async () => {
    const broken = await makeTenant({ owner })
    await superuser.query('update private.audit_heads set seq = seq + 2 where tenant_id = $1', [broken.id])
    const verdict = (await (await call(at('/verify', broken), { token: owner.token })).json()) as object
    expect(verdict).toMatchObject({ is_intact: false, break: { problem: 'tail_cut' } })
  })
})
