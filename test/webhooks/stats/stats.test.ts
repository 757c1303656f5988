import { beforeAll, describe, expect, it } from 'vitest'
import { EndpointStats } from '../../../lib/webhooks/index.ts'
import { problemOf } from '../../kit/call.ts'
import { superuser } from '../../kit/db.ts'
import { ask, makeEndpoint, makeWorld, type World } from '../endpoints/world.ts'
import { makeHistory } from '../history.ts'

let world: World
beforeAll(async () => {
  world = await makeWorld()
})
const stats = async (ref: string, query = '') =>
  EndpointStats.parse(await (await ask(world, `/endpoints/${ref}/stats${query}`)).json())

describe('the statistics of an endpoint', () => {
  it('of which nothing is known say so', async () => {
    const { ref_id } = await makeEndpoint(world, { event_types: ['campaign.deleted'] })
    const { since, ...rest } = await stats(ref_id)
    expect(Math.abs(Date.parse(String(since)) - Date.now() + 86_400_000)).toBeLessThan(60_000)
    expect(rest).toEqual({
      attempts: { succeeded: 0, failed: 0 },
      duration_ms: { p50: null, p95: null },
      pending: 0,
      dead: 0,
      oldest_pending_at: null,
      last_success_at: null,
      last_failure_at: null,
      circuit: { failing_since: null, consecutive_failures: 0, blocked_until: null },
    })
  })

  it('count what was tried in the window, and what is pending and dead at all', async () => {
    const { ref_id } = await makeEndpoint(world, { kind: 'poll', event_types: ['campaign.deleted'] })
    const other = await makeEndpoint(world, { kind: 'poll', event_types: ['campaign.deleted'] })
    await makeHistory(world.tenant.id, [
      { minutesAgo: 3_000, at: { [ref_id]: 'dead', [other.ref_id]: 'dead' } },
      { minutesAgo: 2_000, at: { [ref_id]: 'pending' } },
      { minutesAgo: 70, at: { [ref_id]: 'dead' } },
      { minutesAgo: 50, at: { [ref_id]: 'delivered', [other.ref_id]: 'delivered' } },
      { minutesAgo: 40, at: { [ref_id]: 'delivered' } },
      { minutesAgo: 30, at: { [ref_id]: 'pending' } },
    ])
    const day = await stats(ref_id)
    expect(day).toMatchObject({
      attempts: { succeeded: 2, failed: 2 },
      duration_ms: { p50: 100, p95: 200 },
      pending: 2,
      dead: 2,
    })
    const minutesSince = (moment: unknown) => Math.round((Date.now() - Date.parse(String(moment))) / 60_000)
    expect(minutesSince(day.oldest_pending_at)).toBe(2_000)
    expect(minutesSince(day.last_success_at)).toBe(40)
    expect(minutesSince(day.last_failure_at)).toBe(70)
    expect(await stats(ref_id, '?window_hours=72')).toMatchObject({ attempts: { succeeded: 2, failed: 4 } })
    expect(await stats(ref_id, '?window_hours=1')).toMatchObject({ attempts: { succeeded: 2, failed: 0 } })
  })

  it('show the circuit while it is open, and no block that is over', async () => {
    const { ref_id } = await makeEndpoint(world, { event_types: ['campaign.deleted'] })
    const set = (blocked: string) =>
      superuser.query(
        `update private.queue_lanes as l
         set failure_count = 7, failing_since_at = '2026-11-01T00:00:00Z', blocked_until_at = ${blocked}
         from public.webhook_endpoints as e where e.id = l.lane_id and e.ref_id = $1`,
        [ref_id],
      )
    await set(`now() + interval '1 hour'`)
    const open = { failing_since: '2026-11-01T00:00:00.000Z', consecutive_failures: 7 }
    expect((await stats(ref_id)).circuit).toEqual({ ...open, blocked_until: expect.any(String) })
    await set(`now() - interval '1 second'`)
    expect((await stats(ref_id)).circuit).toEqual({ ...open, blocked_until: null })
  })

  it('are asked for hours that there are', async () => {
    const { ref_id } = await makeEndpoint(world)
    for (const hours of ['0', '-1', '721', '1.5', 'day', '', '1e9']) {
      const answer = await problemOf(await ask(world, `/endpoints/${ref_id}/stats?window_hours=${hours}`))
      expect({ hours, ...answer }).toEqual({
        hours,
        status: 422,
        code: 'invalid_query',
        pointers: ['/window_hours'],
      })
    }
    const nobodys = await ask(world, '/endpoints/01M7WEMVE6F88A2P79KZB3EJTX/stats')
    expect(await problemOf(nobodys)).toMatchObject({ status: 404, code: 'not_found' })
  })
})
