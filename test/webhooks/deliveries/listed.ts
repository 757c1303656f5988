import { expect } from 'vitest'
import { superuser } from '../../kit/db.ts'
import { makePerson } from '../../kit/people.ts'
import { makeTenant } from '../../kit/tenants.ts'
import { ask, makeEndpoint, makeWorld, type World } from '../endpoints/world.ts'
import { makeHistory } from '../history.ts'

/** What the lists are asked about. */
export interface Listed {
  world: World
  /** Another tenant, with one dead delivery of its own. */
  stranger: World
  /** Two endpoints of the world, by ref_id. */
  one: string
  two: string
  /** Seven messages, the oldest first: m0 was made 70 minutes ago, m6 ten minutes ago. */
  messages: string[]
}

export async function makeListed(): Promise<Listed> {
  const world = await makeWorld()
  const owner = await makePerson()
  const stranger = { ...world, owner, tenant: await makeTenant({ owner }) }
  const one = (await makeEndpoint(world, { kind: 'poll' })).ref_id
  const two = (await makeEndpoint(world, { kind: 'poll' })).ref_id
  // What the people and endpoints of this test caused by themselves is not part of it.
  await superuser.query('delete from public.webhook_events where tenant_id = $1', [world.tenant.id])
  const theirs = (await makeEndpoint(stranger, { kind: 'poll' })).ref_id
  await makeHistory(stranger.tenant.id, [{ minutesAgo: 5, at: { [theirs]: 'dead' } }])
  const messages = await makeHistory(world.tenant.id, [
    { minutesAgo: 70, at: { [one]: 'delivered', [two]: 'dead' } },
    { minutesAgo: 60, at: { [one]: 'delivered', [two]: 'dead' }, type: 'campaign.updated' },
    { minutesAgo: 50, at: { [one]: 'delivered' } },
    { minutesAgo: 40, at: { [one]: 'dead', [two]: 'delivered' }, type: 'campaign.updated' },
    { minutesAgo: 30, at: { [one]: 'delivered', [two]: 'pending' } },
    { minutesAgo: 20, at: { [one]: 'pending', [two]: 'pending' } },
    { minutesAgo: 10 },
  ])
  return { world, stranger, one, two, messages }
}

/** A list that is answered. */
export const get = async (of: World, path: string) => {
  const response = await ask(of, path)
  expect(response.status, await response.clone().text()).toBe(200)
  return response.json()
}

/** Every page of a list, as many a page as is said. */
export async function pages<Item>(
  of: World,
  path: string,
  limit: number,
  read: (page: unknown) => { items: Item[]; next: string | null },
) {
  const found: Item[][] = []
  let cursor = ''
  for (;;) {
    const glue = path.includes('?') ? '&' : '?'
    const { items, next } = read(await get(of, `${path}${glue}limit=${limit}${cursor}`))
    found.push(items)
    if (next === null) return found
    cursor = `&cursor=${encodeURIComponent(next)}`
  }
}
