import { beforeAll, describe, expect, it } from 'vitest'
import { Attempts, Deliveries, Messages } from '../../../lib/webhooks/index.ts'
import { problemOf } from '../../kit/call.ts'
import { ask, type World } from '../endpoints/world.ts'
import { get, makeListed } from './listed.ts'

let world: World
let stranger: World
let one: string
let messages: string[]
beforeAll(async () => {
  ;({ world, stranger, one, messages } = await makeListed())
})

describe('a question that makes no sense', () => {
  const long = 'a'.repeat(201)
  it.each([
    ...['messages', 'deliveries', 'attempts', 'endpoints'].flatMap((list) => [
      [`/${list}?limit=0`, '/limit'],
      [`/${list}?limit=101`, '/limit'],
      [`/${list}?limit=1.5`, '/limit'],
      [`/${list}?limit=`, '/limit'],
      [`/${list}?limit=1&limit=2`, '/limit'],
      [`/${list}?cursor=nonsense`, '/cursor'],
      [`/${list}?cursor=`, '/cursor'],
      [`/${list}?cursor=AAAA`, '/cursor'],
      [`/${list}?cursor=%F0%9F%9A%80`, '/cursor'],
      [`/${list}?cursor=${'A'.repeat(501)}`, '/cursor'],
      [`/${list}?offset=1`, '/offset'],
    ]),
    ['/messages?since=yesterday', '/since'],
    ['/messages?until=2026-13-01T00:00:00Z', '/until'],
    ['/messages?since=2026-01-01', '/since'],
    ['/messages?event_type=', '/event_type'],
    [`/messages?event_type=${long}`, '/event_type'],
    ['/deliveries?since=yesterday', '/since'],
    ['/attempts?until=2026-13-01T00:00:00Z', '/until'],
    ['/deliveries?status=failed', '/status'],
    ['/deliveries?endpoint=nonsense', '/endpoint'],
    ['/deliveries?message=01M7WEMVE6F88A2P79KZB3EJTX', '/message'],
    ['/attempts?outcome=dead', '/outcome'],
    ["/attempts?endpoint='--", '/endpoint'],
    ['/attempts?message=msg_01M7WEMVE6F88A2P79KZB3EJT', '/message'],
  ])('%s', async (path, pointer) => {
    expect(await problemOf(await ask(world, path))).toEqual({
      status: 422,
      code: 'invalid_query',
      pointers: [pointer],
    })
  })

  it('with a cursor of another list is refused', async () => {
    const { next_cursor: next } = Deliveries.parse(await get(world, '/deliveries?limit=1'))
    expect(await problemOf(await ask(world, `/messages?cursor=${next}`))).toMatchObject({
      code: 'invalid_query',
    })
    const { next_cursor: byMessage } = Messages.parse(await get(world, '/messages?limit=1'))
    expect(await problemOf(await ask(world, `/deliveries?cursor=${byMessage}`))).toMatchObject({
      code: 'invalid_query',
    })
  })
})

it('a tenant sees its own alone, whatever it asks for', async () => {
  expect(Deliveries.parse(await get(stranger, `/deliveries?endpoint=${one}`)).deliveries).toEqual([])
  expect(Deliveries.parse(await get(stranger, `/deliveries?message=${messages[0]}`)).deliveries).toEqual([])
  expect(Deliveries.parse(await get(stranger, '/deliveries?status=dead')).deliveries).toHaveLength(1)
  expect(Attempts.parse(await get(stranger, `/attempts?endpoint=${one}`)).attempts).toEqual([])
  expect(Attempts.parse(await get(stranger, '/attempts')).attempts).toHaveLength(2)
  const { next_cursor: next } = Messages.parse(await get(world, '/messages?limit=1'))
  const after = Messages.parse(await get(stranger, `/messages?cursor=${next}`))
  expect(after.messages.filter(({ id }) => messages.includes(id))).toEqual([])
})
