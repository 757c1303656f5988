import { beforeEach, describe, expect, it } from 'vitest'
import { EndpointStats, WebhookSeries, WebhookStats } from '../../../lib/webhooks/index.ts'
import { problemOf } from '../../kit/call.ts'
import { superuser } from '../../kit/db.ts'
import { ask, makeEndpoint, makeWorld, type World } from '../endpoints/world.ts'
import { makeHistory } from '../history.ts'

let world: World
let one: string
let two: string
beforeEach(async () => {
  world = await makeWorld()
  const poll = { kind: 'poll', event_types: ['campaign.deleted'] }
  one = (await makeEndpoint(world, poll)).ref_id
  two = (await makeEndpoint(world, poll)).ref_id
  await superuser.query('delete from public.webhook_events where tenant_id = $1', [world.tenant.id])
  await makeHistory(world.tenant.id, [
    { minutesAgo: 3_000, at: { [one]: 'dead' } },
    { minutesAgo: 70, at: { [one]: 'dead', [two]: 'delivered' } },
    { minutesAgo: 10, at: { [one]: 'delivered', [two]: 'pending' } },
  ])
})
const read = async (path: string, of = world) => {
  const response = await ask(of, path)
  expect(response.status, await response.clone().text()).toBe(200)
  return response.json()
}
const stats = async (query = '', of = world) => WebhookStats.parse(await read(`/stats${query}`, of))
const series = async (query = '', of = world) => WebhookSeries.parse(await read(`/stats/series${query}`, of))

describe('the statistics of all endpoints', () => {
  it('are those that each endpoint has for itself', async () => {
    const { endpoints, next_cursor } = await stats('?window_hours=72')
    expect(endpoints.map(({ endpoint_id }) => endpoint_id)).toEqual([two, one])
    expect(next_cursor).toBeNull()
    for (const { endpoint_id, counted_from_at, ...rest } of endpoints) {
      const { since: _, ...alone } = EndpointStats.parse(
        await read(`/endpoints/${endpoint_id}/stats?window_hours=72`),
      )
      expect([rest, counted_from_at]).toEqual([alone, null])
    }
    expect(endpoints[1]).toMatchObject({ attempts: { succeeded: 1, failed: 4 }, dead: 2, pending: 0 })
    expect(endpoints[0]).toMatchObject({ attempts: { succeeded: 1, failed: 0 }, dead: 0, pending: 1 })
  })

  it('come in pages, of this tenant alone', async () => {
    const first = await stats('?limit=1')
    expect(first.endpoints.map(({ endpoint_id }) => endpoint_id)).toEqual([two])
    const next = await stats(`?limit=1&cursor=${first.next_cursor}`)
    expect([next.endpoints.map(({ endpoint_id }) => endpoint_id), next.next_cursor]).toEqual([[one], null])
    const stranger = await makeWorld()
    expect((await stats('', stranger)).endpoints).toEqual([])
    expect((await stats(`?cursor=${first.next_cursor}`, stranger)).endpoints).toEqual([])
  })

  it('of a page count no more attempts than one endpoint alone may, and say from when', async () => {
    const at = new Date(Date.now() - 3_600_000).toISOString()
    const { rows } = await superuser.query(
      `select s.since, s.succeeded_count + s.failed_count as count
       from public.webhook_endpoints as e, private.webhook_stats_of(e, 72, 2) as s where e.ref_id = $1`,
      [one],
    )
    expect(Number(rows[0].count)).toBe(2)
    expect(new Date(rows[0].since).getTime()).toBeGreaterThan(Date.parse(at) - 3_600_000)
  })
})

describe('the series', () => {
  it('has each hour of the window, also those in which nothing was tried', async () => {
    const { step, since, steps } = await series('?window_hours=3')
    expect(step).toBe('hour')
    expect(Math.abs(Date.parse(String(since)) - Date.now() + 3 * 3_600_000)).toBeLessThan(60_000)
    expect(steps).toHaveLength(4)
    for (const [n, { start_at }] of steps.entries())
      expect(Date.parse(String(start_at)) - Date.parse(String(steps[0]!.start_at))).toBe(n * 3_600_000)
    const sum = (field: 'succeeded' | 'failed') => steps.reduce((total, one) => total + one[field], 0)
    expect([sum('succeeded'), sum('failed')]).toEqual([2, 2])
    expect(
      steps
        .filter(({ succeeded, failed }) => succeeded + failed === 0)
        .every((s) => s.duration_p95_ms === null),
    ).toBe(true)
  })

  it('is of one endpoint where one is named, and of no other tenant', async () => {
    const { steps } = await series(`?window_hours=3&endpoint=${two}`)
    expect(steps.reduce((total, { succeeded, failed }) => total + succeeded + 10 * failed, 0)).toBe(1)
    const stranger = await makeWorld()
    expect((await series('?window_hours=72', stranger)).steps.some(({ failed }) => failed > 0)).toBe(false)
    expect(await problemOf(await ask(stranger, `/stats/series?endpoint=${one}`))).toMatchObject({
      status: 404,
      code: 'not_found',
    })
  })

  it('has days as they begin where the tenant is, also when the clock is put forward', async () => {
    await superuser.query(`update public.tenants set time_zone = 'America/St_Johns' where id = $1`, [
      world.tenant.id,
    ])
    const { steps } = await series('?step=day&window_hours=720')
    expect(steps.length).toBeGreaterThanOrEqual(30)
    for (const { start_at } of steps) {
      const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short', timeZone: 'America/St_Johns' })
      expect(clock.format(new Date(String(start_at)))).toBe('00:00')
    }
    expect(steps.reduce((total, { failed }) => total + failed, 0)).toBe(4)
  })

  it.each([
    ['/stats?window_hours=721', '/window_hours'],
    ['/stats?step=hour', '/step'],
    ['/stats/series?step=week', '/step'],
    ['/stats/series?window_hours=0', '/window_hours'],
    ['/stats/series?endpoint=nonsense', '/endpoint'],
  ])('%s makes no sense', async (path, pointer) => {
    expect(await problemOf(await ask(world, path))).toEqual({
      status: 422,
      code: 'invalid_query',
      pointers: [pointer],
    })
  })
})
