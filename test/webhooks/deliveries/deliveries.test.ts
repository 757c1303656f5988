import { beforeAll, describe, expect, it } from 'vitest'
import { Deliveries } from '../../../lib/webhooks/index.ts'
import { superuser } from '../../kit/db.ts'
import type { World } from '../endpoints/world.ts'
import { get, makeListed, pages } from './listed.ts'

let world: World
let one: string
let two: string
let messages: string[]
beforeAll(async () => {
  ;({ world, one, two, messages } = await makeListed())
})

describe('deliveries', () => {
  const found = async (query = '') =>
    Deliveries.parse(await get(world, `/deliveries${query}`)).deliveries.map(
      ({ message_id, endpoint_id, status }) => [
        messages.indexOf(message_id),
        endpoint_id === one ? 1 : endpoint_id === two ? 2 : 0,
        status,
      ],
    )

  it('are listed, those of the newest messages first', async () => {
    expect(await found()).toEqual([
      [5, 2, 'pending'],
      [5, 1, 'pending'],
      [4, 2, 'pending'],
      [4, 1, 'delivered'],
      [3, 2, 'delivered'],
      [3, 1, 'dead'],
      [2, 1, 'delivered'],
      [1, 2, 'dead'],
      [1, 1, 'delivered'],
      [0, 2, 'dead'],
      [0, 1, 'delivered'],
    ])
    expect(Deliveries.parse(await get(world, '/deliveries')).deliveries[5]).toEqual({
      message_id: messages[3],
      endpoint_id: one,
      event_type: 'campaign.updated',
      status: 'dead',
      attempt_count: 2,
      next_attempt_at: null,
      is_in_flight: false,
      ordering_key: null,
      ended_at: expect.any(String),
      created_at: expect.any(String),
    })
  })

  it('are found by endpoint, message, status and type, in every combination', async () => {
    const all = Deliveries.parse(await get(world, '/deliveries')).deliveries
    for (const endpoint of [undefined, one, two]) {
      for (const message of [undefined, messages[3], messages[4]]) {
        for (const status of [undefined, 'pending', 'delivered', 'dead']) {
          for (const event_type of [undefined, 'campaign.created', 'campaign.updated']) {
            const query = Object.entries({ endpoint, message, status, event_type })
              .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
              .join('&')
            const expected = all.filter(
              (each) =>
                (endpoint ?? each.endpoint_id) === each.endpoint_id &&
                (message ?? each.message_id) === each.message_id &&
                (status ?? each.status) === each.status &&
                (event_type ?? each.event_type) === each.event_type,
            )
            const page = Deliveries.parse(await get(world, `/deliveries?${query}`))
            expect({ query, ...page }).toEqual({ query, deliveries: expected, next_cursor: null })
          }
        }
      }
    }
  })

  it.each([
    '',
    '?status=pending',
    '?status=dead',
    '?event_type=campaign.created',
    '?status=delivered',
    '?endpoint=1',
  ])('come page by page whichever way they are found: %s', async (query) => {
    const path = `/deliveries${query.replace('=1', `=${one}`)}`
    const whole = Deliveries.parse(await get(world, path)).deliveries
    expect(whole.length).toBeGreaterThan(2)
    for (const limit of [1, 2, 3]) {
      const found = await pages(world, path, limit, (page) => {
        const { deliveries: items, next_cursor: next } = Deliveries.parse(page)
        return { items, next }
      })
      expect(found.flat()).toEqual(whole)
    }
  })

  it('say when they are tried next, and whether somebody is at it', async () => {
    const change = (set: string) =>
      superuser.query(
        `update private.queue_items as i set ${set} from public.webhook_endpoints as e
         where e.id = i.lane_id and e.ref_id = $1`,
        [one],
      )
    const shown = async () =>
      Deliveries.parse(await get(world, `/deliveries?endpoint=${one}&status=pending`)).deliveries[0]
    expect(await shown()).toMatchObject({ next_attempt_at: null, is_in_flight: false })
    await change(`next_at = now() + interval '1 hour'`)
    expect(await shown()).toMatchObject({ next_attempt_at: expect.any(String), is_in_flight: false })
    await change(`lease_id = gen_random_uuid()`)
    expect(await shown()).toMatchObject({ is_in_flight: true })
    // Whoever held it died: the lease is over.
    await change(`next_at = now() - interval '1 second'`)
    expect(await shown()).toMatchObject({ is_in_flight: false })
    await change(`lease_id = null, next_at = 'infinity'`)
  })
})
