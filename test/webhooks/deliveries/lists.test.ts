import { beforeAll, describe, expect, it } from 'vitest'
import { Attempts, Deliveries, Messages, MessageWithPayload } from '../../../lib/webhooks/index.ts'
import { problemOf } from '../../kit/call.ts'
import { superuser } from '../../kit/db.ts'
import { makePerson } from '../../kit/people.ts'
import { makeTenant } from '../../kit/tenants.ts'
import { ask, makeEndpoint, makeWorld, type World } from '../endpoints/world.ts'
import { makeHistory } from '../history.ts'

let world: World
let stranger: World
let one: string
let two: string
/** Seven messages, the oldest first: m0 was made 70 minutes ago, m6 ten minutes ago. */
let messages: string[]
beforeAll(async () => {
  world = await makeWorld()
  const owner = await makePerson()
  stranger = { ...world, owner, tenant: await makeTenant({ owner }) }
  one = (await makeEndpoint(world, { kind: 'poll' })).ref_id
  two = (await makeEndpoint(world, { kind: 'poll' })).ref_id
  // What the people and endpoints of this test caused by themselves is not part of it.
  await superuser.query('delete from public.webhook_events where tenant_id = $1', [world.tenant.id])
  const theirs = (await makeEndpoint(stranger, { kind: 'poll' })).ref_id
  await makeHistory(stranger.tenant.id, [{ minutesAgo: 5, at: { [theirs]: 'dead' } }])
  messages = await makeHistory(world.tenant.id, [
    { minutesAgo: 70, at: { [one]: 'delivered', [two]: 'dead' } },
    { minutesAgo: 60, at: { [one]: 'delivered', [two]: 'dead' }, type: 'campaign.updated' },
    { minutesAgo: 50, at: { [one]: 'delivered' } },
    { minutesAgo: 40, at: { [one]: 'dead', [two]: 'delivered' }, type: 'campaign.updated' },
    { minutesAgo: 30, at: { [one]: 'delivered', [two]: 'pending' } },
    { minutesAgo: 20, at: { [one]: 'pending', [two]: 'pending' } },
    { minutesAgo: 10 },
  ])
})

const get = async (path: string, of = world) => {
  const response = await ask(of, path)
  expect(response.status, await response.clone().text()).toBe(200)
  return response.json()
}
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
const m = (...indexes: number[]) => indexes.map((index) => messages[index])

/** Every page of a list, as many a page as is said. */
async function pages<Item>(
  path: string,
  limit: number,
  read: (page: unknown) => { items: Item[]; next: string | null },
) {
  const found: Item[][] = []
  let cursor = ''
  for (;;) {
    const glue = path.includes('?') ? '&' : '?'
    const { items, next } = read(await get(`${path}${glue}limit=${limit}${cursor}`))
    found.push(items)
    if (next === null) return found
    cursor = `&cursor=${encodeURIComponent(next)}`
  }
}

describe('messages', () => {
  const ids = async (query = '') =>
    Messages.parse(await get(`/messages${query}`)).messages.map(({ id }) => id)

  it('are listed, the newest first', async () => {
    expect(await ids()).toEqual([...messages].reverse())
    expect(Messages.parse(await get('/messages')).messages[1]).toEqual({
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
    const found = await pages('/messages', limit, (page) => {
      const { messages: items, next_cursor: next } = Messages.parse(page)
      return { items, next }
    })
    expect(found.flat().map(({ id }) => id)).toEqual([...messages].reverse())
    expect(found).toHaveLength(Math.ceil(7 / limit))
  })

  it('keep their place while new ones come', async () => {
    const first = Messages.parse(await get('/messages?limit=3'))
    const [late] = await makeHistory(world.tenant.id, [{ minutesAgo: 1 }])
    const second = Messages.parse(await get(`/messages?limit=3&cursor=${first.next_cursor}`))
    expect(second.messages.map(({ id }) => id)).toEqual(m(3, 2, 1))
    await superuser.query(`delete from public.webhook_events where 'msg_' || private.ulid(id) = $1`, [late])
  })

  it('are read one by one with the exact text', async () => {
    const message = MessageWithPayload.parse(await get(`/messages/${messages[2]}`))
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

describe('deliveries', () => {
  const found = async (query = '') =>
    Deliveries.parse(await get(`/deliveries${query}`)).deliveries.map(
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
    expect(Deliveries.parse(await get('/deliveries')).deliveries[5]).toEqual({
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
    const all = Deliveries.parse(await get('/deliveries')).deliveries
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
            const page = Deliveries.parse(await get(`/deliveries?${query}`))
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
    const whole = Deliveries.parse(await get(path)).deliveries
    expect(whole.length).toBeGreaterThan(2)
    for (const limit of [1, 2, 3]) {
      const found = await pages(path, limit, (page) => {
        const { deliveries: items, next_cursor: next } = Deliveries.parse(page)
        return { items, next }
      })
      expect(found.flat()).toEqual(whole)
    }
  })

  it('say when they are tried next, and whether somebody is at it', async () => {
    const change = (set: string) =>
      superuser.query(
        `update public.webhook_deliveries as d set ${set} from public.webhook_endpoints as e
         where e.id = d.endpoint_id and e.ref_id = $1 and d.status = 'pending'`,
        [one],
      )
    const shown = async () =>
      Deliveries.parse(await get(`/deliveries?endpoint=${one}&status=pending`)).deliveries[0]
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

describe('attempts', () => {
  const found = async (query = '') =>
    Attempts.parse(await get(`/attempts${query}`)).attempts.map((each) => [
      messages.indexOf(each.message_id),
      each.endpoint_id === one ? 1 : 2,
      each.attempt_number,
    ])

  it('are listed, the newest first, with what was answered', async () => {
    const { attempts } = Attempts.parse(await get('/attempts'))
    expect(attempts.map(({ ref_id }) => ref_id)).toEqual(
      attempts
        .map(({ ref_id }) => ref_id)
        .sort()
        .reverse(),
    )
    expect(attempts).toHaveLength(11)
    expect(attempts.find(({ outcome }) => outcome === 'failed')).toEqual({
      ref_id: expect.stringMatching(/^[0-9A-Z]{26}$/),
      message_id: messages[3],
      endpoint_id: one,
      attempt_number: 2,
      outcome: 'failed',
      response_status: 500,
      response_body: 'answer',
      duration_ms: 200,
      error_code: 'status_500',
      error_detail: 'The receiver answered 500.',
      created_at: expect.any(String),
    })
  })

  it('are found by endpoint, message and outcome', async () => {
    expect(await found(`?outcome=failed`)).toEqual([
      [3, 1, 2],
      [3, 1, 1],
      [1, 2, 2],
      [1, 2, 1],
      [0, 2, 2],
      [0, 2, 1],
    ])
    expect(await found(`?outcome=failed&endpoint=${one}`)).toEqual([
      [3, 1, 2],
      [3, 1, 1],
    ])
    expect(await found(`?message=${messages[3]}`)).toEqual([
      [3, 1, 2],
      ...[expect.any(Array), expect.any(Array)],
    ])
    expect(await found(`?message=${messages[3]}&outcome=succeeded`)).toEqual([[3, 2, 1]])
    expect(await found(`?message=${messages[3]}&endpoint=${two}&outcome=failed`)).toEqual([])
    expect(await found(`?endpoint=${two}`)).toEqual([
      [3, 2, 1],
      [1, 2, 2],
      [1, 2, 1],
      [0, 2, 2],
      [0, 2, 1],
    ])
  })

  it.each(['', '?outcome=failed', '?endpoint=1', '?endpoint=1&outcome=succeeded'])(
    'come page by page: %s',
    async (query) => {
      const path = `/attempts${query.replace('=1', `=${one}`)}`
      const whole = Attempts.parse(await get(path)).attempts
      for (const limit of [1, 2, 5]) {
        const found = await pages(path, limit, (page) => {
          const { attempts: items, next_cursor: next } = Attempts.parse(page)
          return { items, next }
        })
        expect(found.flat()).toEqual(whole)
      }
    },
  )
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
    const { next_cursor: next } = Deliveries.parse(await get('/deliveries?limit=1'))
    expect(await problemOf(await ask(world, `/messages?cursor=${next}`))).toMatchObject({
      code: 'invalid_query',
    })
    const { next_cursor: byMessage } = Messages.parse(await get('/messages?limit=1'))
    expect(await problemOf(await ask(world, `/deliveries?cursor=${byMessage}`))).toMatchObject({
      code: 'invalid_query',
    })
  })
})

it('a tenant sees its own alone, whatever it asks for', async () => {
  expect(Deliveries.parse(await get(`/deliveries?endpoint=${one}`, stranger)).deliveries).toEqual([])
  expect(Deliveries.parse(await get(`/deliveries?message=${messages[0]}`, stranger)).deliveries).toEqual([])
  expect(Deliveries.parse(await get('/deliveries?status=dead', stranger)).deliveries).toHaveLength(1)
  expect(Attempts.parse(await get(`/attempts?endpoint=${one}`, stranger)).attempts).toEqual([])
  expect(Attempts.parse(await get('/attempts', stranger)).attempts).toHaveLength(2)
  const { next_cursor: next } = Messages.parse(await get('/messages?limit=1'))
  const after = Messages.parse(await get(`/messages?cursor=${next}`, stranger))
  expect(after.messages.filter(({ id }) => messages.includes(id))).toEqual([])
})
