import { beforeAll, describe, expect, it } from 'vitest'
import { Attempts, Deliveries } from '../../../lib/webhooks/index.ts'
import type { World } from '../endpoints/world.ts'
import { get, makeListed, pages } from './listed.ts'

// Seven messages, of 70, 60, … 10 minutes ago.

let world: World
let one: string
let messages: string[]
beforeAll(async () => {
  ;({ world, one, messages } = await makeListed())
})
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
const between = (since: number, until: number) => `since=${minutesAgo(since)}&until=${minutesAgo(until)}`

describe('deliveries and attempts between two moments', () => {
  const filters = [
    '',
    'status=dead',
    'status=pending',
    'status=delivered',
    'event_type=campaign.updated',
    'event_type=campaign.updated&status=dead',
  ]
  it.each(filters.flatMap((filter) => [false, true].map((isOfOne) => [filter, isOfOne] as const)))(
    'are those of all (%s, of one endpoint: %s) that lie there',
    async (filter, isOfOne) => {
      const of = `${filter}${isOfOne ? `&endpoint=${one}` : ''}`
      const all = Deliveries.parse(await get(world, `/deliveries?${of}`)).deliveries
      for (const [since, until, kept] of [
        [65, 25, [1, 2, 3, 4]],
        [100, 65, [0]],
        [15, 0, [6]],
        [25, 65, []],
      ] as const) {
        const found = Deliveries.parse(
          await get(world, `/deliveries?${of}&${between(since, until)}`),
        ).deliveries
        const wanted = all.filter(({ message_id }) => kept.some((n) => messages[n] === message_id))
        expect({ of, since, found }).toEqual({ of, since, found: wanted })
      }
      const since = Deliveries.parse(await get(world, `/deliveries?${of}&since=${minutesAgo(45)}`)).deliveries
      const until = Deliveries.parse(await get(world, `/deliveries?${of}&until=${minutesAgo(45)}`)).deliveries
      expect([...since, ...until]).toEqual(all)
    },
  )

  it('are listed page by page as all are', async () => {
    const query = between(65, 15)
    const all = Deliveries.parse(await get(world, `/deliveries?${query}`)).deliveries
    expect(all.length).toBeGreaterThan(5)
    const paged = await pages(world, `/deliveries?${query}`, 2, (page) => {
      const { deliveries, next_cursor } = Deliveries.parse(page)
      return { items: deliveries, next: next_cursor }
    })
    expect(paged.flat()).toEqual(all)
    const attempts = await pages(world, `/attempts?${query}`, 2, (page) => {
      const { attempts: items, next_cursor: next } = Attempts.parse(page)
      return { items, next }
    })
    expect(attempts.flat()).toEqual(Attempts.parse(await get(world, `/attempts?${query}`)).attempts)
  })

  it('attempts by when they were made', async () => {
    const found = Attempts.parse(await get(world, `/attempts?${between(65, 35)}`)).attempts
    expect(new Set(found.map(({ message_id }) => messages.indexOf(message_id)))).toEqual(new Set([1, 2, 3]))
    for (const { created_at } of found) {
      const age = (Date.now() - Date.parse(String(created_at))) / 60_000
      expect([age < 66, age > 34]).toEqual([true, true])
    }
    expect(
      Attempts.parse(await get(world, `/attempts?outcome=failed&${between(45, 35)}`)).attempts,
    ).toHaveLength(2)
  })
})
