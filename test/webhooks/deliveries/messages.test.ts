import { beforeAll, describe, expect, it } from 'vitest'
import { Messages, MessageWithPayload } from '../../../lib/webhooks/index.ts'
import { problemOf } from '../../kit/call.ts'
import { superuser } from '../../kit/db.ts'
import { ask, type World } from '../endpoints/world.ts'
import { makeHistory } from '../history.ts'
import { get, makeListed, pages } from './listed.ts'

let world: World
let stranger: World
let messages: string[]
beforeAll(async () => {
  ;({ world, stranger, messages } = await makeListed())
})

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
const m = (...indexes: number[]) => indexes.map((index) => messages[index])

describe('messages', () => {
  const ids = async (query = '') =>
    Messages.parse(await get(world, `/messages${query}`)).messages.map(({ id }) => id)

  it('are listed, the newest first', async () => {
    expect(await ids()).toEqual([...messages].reverse())
    expect(Messages.parse(await get(world, '/messages')).messages[1]).toEqual({
      id: messages[5],
      event_type: 'campaign.created',
      event_version: 1,
      ordering_key: null,
      is_test: false,
      created_at: expect.any(String),
    })
  })

  it('are found by type and time', async () => {
    expect(await ids('?event_type=campaign.updated')).toEqual(m(3, 1))
    expect(await ids(`?since=${minutesAgo(35)}`)).toEqual(m(6, 5, 4))
    expect(await ids(`?until=${minutesAgo(55)}`)).toEqual(m(1, 0))
    expect(await ids(`?since=${minutesAgo(65)}&until=${minutesAgo(35)}&event_type=campaign.created`)).toEqual(
      m(2),
    )
    expect(await ids('?event_type=campaign.deleted')).toEqual([])
    expect(await ids('?since=2999-01-01T00:00:00Z')).toEqual([])
    expect(await ids('?until=1900-01-01T00:00:00Z')).toEqual([])
    // An offset means what it says.
    const local = new Date(Date.now() - 35 * 60_000 + 2 * 3_600_000).toISOString().replace('Z', '%2B02:00')
    expect(await ids(`?since=${local}`)).toEqual(m(6, 5, 4))
  })

  it.each([1, 2, 3, 7, 100])('come page by page, %i a page, none twice and none left out', async (limit) => {
    const found = await pages(world, '/messages', limit, (page) => {
      const { messages: items, next_cursor: next } = Messages.parse(page)
      return { items, next }
    })
    expect(found.flat().map(({ id }) => id)).toEqual([...messages].reverse())
    expect(found).toHaveLength(Math.ceil(7 / limit))
  })

  it('keep their place while new ones come', async () => {
    const first = Messages.parse(await get(world, '/messages?limit=3'))
    const [late] = await makeHistory(world.tenant.id, [{ minutesAgo: 1 }])
    const second = Messages.parse(await get(world, `/messages?limit=3&cursor=${first.next_cursor}`))
    expect(second.messages.map(({ id }) => id)).toEqual(m(3, 2, 1))
    await superuser.query(`delete from public.webhook_events where 'msg_' || private.ulid(id) = $1`, [late])
  })

  it('are read one by one with the exact text', async () => {
    const message = MessageWithPayload.parse(await get(world, `/messages/${messages[2]}`))
    expect(message).toMatchObject({ id: messages[2], event_type: 'campaign.created', data: { n: 2 } })
    const { rows } = await superuser.query(
      `select payload from public.webhook_events where 'msg_' || private.ulid(id) = $1`,
      [messages[2]],
    )
    expect(message.payload).toBe(rows[0].payload)
    expect(JSON.parse(message.payload)).toMatchObject({ type: 'campaign.created', data: { n: 2 } })
  })

  it("of another tenant are nobody's", async () => {
    expect(await problemOf(await ask(stranger, `/messages/${messages[0]}`))).toMatchObject({
      status: 404,
      code: 'not_found',
    })
    for (const id of ['msg_01M7WEMVE6F88A2P79KZB3EJTX', 'msg_x', messages[0]!.slice(4), 'nonsense']) {
      expect(await problemOf(await ask(world, `/messages/${id}`))).toMatchObject({ status: 404 })
    }
  })
})
