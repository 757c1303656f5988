import { beforeAll, describe, expect, it } from 'vitest'
import { UsageTotals } from '../../../lib/usage/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

let owner: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

const ask = (query: string, of = tenant) =>
  call(`/usage/totals?${query}`, { token: owner.token, tenant: of.slug })
const lines = async (query: string, of = tenant) => {
  const answer = await ask(`format=csv&${query}`, of)
  expect(answer.status, await answer.clone().text()).toBe(200)
  const text = await answer.text()
  expect(text.endsWith('\r\n')).toBe(true)
  return text.slice(0, -2).split('\r\n')
}
const head = 'starts_at,event_type,model_used,event_count,tokens_used,cost_micros'
const range = 'since=2026-10-01T00:00:00Z&until=2026-10-12T00:00:00Z'

describe('totals as CSV', () => {
  it('are a file with a head, and nothing else where nothing was used', async () => {
    const answer = await ask(`format=csv&${range}`)
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present')
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="usage-${tenant.slug}.csv"`)
    expect(await answer.text()).toBe(`${head}\r\n`)
  })

  it('are all of a range, over many pages and days, as the list tells it', async () => {
    const other = await makeTenant({ owner })
    await admin.query(
      `insert into public.usage_hours (tenant_id, starts_at, event_type, model_used, event_count, tokens_used, cost_micros)
       select $1, timestamptz '2026-10-01 00:00Z' + make_interval(hours => h), 'type.' || t, case when t % 2 = 0 then 'm' else '' end, h + 1, t, 1
       from generate_series(0, 11 * 24 - 1) as h, generate_series(1, 60) as t where h < 30 or t = 1`,
      [other.id],
    )
    for (const window of ['hour', 'day', 'month']) {
      const query = `window=${window}&group_by=event_type,model_used&${range}`
      const listed: string[] = []
      let cursor: string | null = null
      do {
        const answer = await ask(`${query}&limit=100${cursor ? `&cursor=${cursor}` : ''}`, other)
        const page = UsageTotals.parse(await answer.json())
        listed.push(
          ...page.totals.map((one) =>
            [
              one.starts_at,
              one.event_type,
              one.model_used,
              one.event_count,
              one.tokens_used,
              one.cost_micros,
            ].join(','),
          ),
        )
        cursor = page.next_cursor
      } while (cursor)
      expect(await lines(query, other)).toEqual([head, ...listed])
    }
  })

  it('go on behind a cursor', async () => {
    const other = await makeTenant({ owner })
    await admin.query(
      `insert into public.usage_hours (tenant_id, starts_at, event_type, event_count, tokens_used, cost_micros)
       select $1, timestamptz '2026-10-01 00:00Z' + make_interval(hours => h), 'x', 1, 0, 0 from generate_series(0, 99) as h`,
      [other.id],
    )
    const query = `window=hour&${range}`
    const { next_cursor } = await (await ask(`${query}&limit=30`, other)).json()
    const whole = await lines(query, other)
    expect(whole).toHaveLength(101)
    expect(await lines(`${query}&cursor=${next_cursor}`, other)).toEqual([head, ...whole.slice(31)])
  })

  it('hold no cell that a spreadsheet would run, and every text as it is', async () => {
    const models = ['=1+1', '+1', '-1', '@sum(a1)', '\t=1', 'a,b', 'say "x"', 'two\nlines', 'plain-1']
    const events = models.map((model_used) => ({ type: 'x', model_used, tokens_used: 3 }))
    await call('/usage/events', { token: owner.token, tenant: tenant.slug, body: { events } })
    const text = await (await ask('format=csv&group_by=model_used&window=month')).text()
    for (const cell of [
      ...["'=1+1", "'+1", "'-1", "'@sum(a1)", "'\t=1", '"a,b"', '"say ""x"""', '"two\nlines"', 'plain-1'],
    ])
      expect(text).toContain(`,,${cell},1,3,0\r\n`)
  })

  it.each([
    ['text/csv', '', 'text/csv'],
    ['text/csv; header=present', '', 'text/csv'],
    ['application/json;q=0.5, text/csv', '', 'text/csv'],
    ['text/*', '', 'text/csv'],
    ['text/csv', 'format=json', 'application/json'],
    ['application/json', 'format=csv', 'text/csv'],
    ['text/csv;q=0.5, application/json', '', 'application/json'],
    ['text/csv;q=0, */*', '', 'application/json'],
    ['*/*', '', 'application/json'],
    ['application/xml', '', 'application/json'],
    ['nonsense, ;;q=x', '', 'application/json'],
  ])('answer Accept: %s %s with %s', async (accept, query, type) => {
    const answer = await call(`/usage/totals?${query}`, {
      ...{ token: owner.token, tenant: tenant.slug, headers: { accept } },
    })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toMatch(new RegExp(`^${type}`))
    expect(answer.headers.get('vary')?.toLowerCase()).toContain('accept')
    const text = await answer.text()
    if (type === 'text/csv') expect(text.startsWith(`${head}\r\n`)).toBe(true)
    else expect(UsageTotals.safeParse(JSON.parse(text)).success).toBe(true)
  })

  it('are in the OpenAPI document beside JSON', async () => {
    const answer = await call('/usage/openapi.json')
    const { paths } = await answer.json()
    expect(Object.keys(paths['/usage/totals'].get.responses['200'].content)).toEqual([
      ...['application/json', 'text/csv'],
    ])
  })

  it('are refused as the list is', async () => {
    expect(await problemOf(await ask('format=xml'))).toMatchObject({ status: 422, pointers: ['/format'] })
    expect(await problemOf(await ask('format=csv&window=week'))).toMatchObject({ status: 422 })
    const stranger = await makePerson()
    const answer = await call('/usage/totals?format=csv', { token: stranger.token, tenant: tenant.slug })
    expect(await problemOf(answer)).toMatchObject({ status: 404, code: 'tenant_not_found' })
  })
})
