import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Deliveries, MessageWithPayload } from '../../../lib/webhooks/index.ts'
import { problemOf } from '../../kit/call.ts'
import { superuser } from '../../kit/db.ts'
import { ask, makeEndpoint, makeWorld, patch, post, type World } from '../endpoints/world.ts'
import { makeHistory, type Past } from '../history.ts'
import { type Receiver, startReceiver, verify } from '../receiver.ts'

let world: World
let receiver: Receiver
beforeAll(async () => {
  world = await makeWorld()
  receiver = await startReceiver()
})
afterAll(() => receiver.stop())

/** A polling endpoint with a history: what is asked for again then waits there, and nobody delivers it. */
async function makeReached(past: (ref: string) => Past[], wanted: Record<string, unknown> = {}) {
  const { ref_id } = await makeEndpoint(world, { kind: 'poll', event_types: ['campaign.created'], ...wanted })
  return { ref_id, messages: await makeHistory(world.tenant.id, past(ref_id)) }
}
const replay = (ref: string, body: unknown) => post(world, `/endpoints/${ref}/replay`, body)
const statuses = async (ref: string, messages: string[]) => {
  const page = Deliveries.parse(await (await ask(world, `/deliveries?endpoint=${ref}&limit=100`)).json())
  return messages.map((id) => page.deliveries.find((one) => one.message_id === id)?.status)
}
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()

describe('a replay', () => {
  it('of named messages sends those again, whatever became of them', async () => {
    const { ref_id, messages } = await makeReached((ref) => [
      { minutesAgo: 40, at: { [ref]: 'delivered' } },
      { minutesAgo: 30, at: { [ref]: 'dead' } },
      { minutesAgo: 20 },
      { minutesAgo: 10, at: { [ref]: 'delivered' } },
    ])
    const answer = await replay(ref_id, { message_ids: messages.slice(0, 3) })
    expect(answer.status).toBe(202)
    expect(await answer.json()).toEqual({ replayed: 3, has_more: false })
    expect(await statuses(ref_id, messages)).toEqual(['pending', 'pending', 'pending', 'delivered'])
    // Asked for twice, each is sent once.
    const twice = [messages[0], messages[0], messages[1]]
    expect(await (await replay(ref_id, { message_ids: twice })).json()).toEqual({
      replayed: 2,
      has_more: false,
    })
  })

  it('that is a dry run says how many it would be, and sends nothing', async () => {
    const fresh = await makeWorld()
    const { ref_id } = await makeEndpoint(fresh, { kind: 'poll', event_types: ['campaign.created'] })
    const messages = await makeHistory(fresh.tenant.id, [
      { minutesAgo: 40, at: { [ref_id]: 'dead' } },
      { minutesAgo: 30, at: { [ref_id]: 'delivered' } },
      { minutesAgo: 20 },
    ])
    const ask_ = (body: object) => post(fresh, `/endpoints/${ref_id}/replay`, body)
    const deliveries = async () => (await ask(fresh, `/deliveries?endpoint=${ref_id}`)).text()
    const queued = async () =>
      (await superuser.query('select from private.queue_items where tenant_id = $1', [fresh.tenant.id]))
        .rowCount
    const before = [await deliveries(), await queued()]
    const since = minutesAgo(50)
    for (const [wanted, replayed] of [
      [{ message_ids: messages }, 3],
      [{ since }, 2],
      [{ since, which: 'failed' }, 1],
    ] as const) {
      const dry = await ask_({ ...wanted, dry_run: true })
      expect([dry.status, await dry.json()]).toEqual([200, { replayed, has_more: false }])
      expect([await deliveries(), await queued()]).toEqual(before)
    }
    const sent = await ask_({ since, dry_run: false })
    expect([sent.status, await sent.json()]).toEqual([202, { replayed: 2, has_more: false }])
    // What would be refused is refused here too.
    const nobodys = { message_ids: ['msg_01M7WEMVE6F88A2P79KZB3EJTX'], dry_run: true }
    expect(await problemOf(await ask_(nobodys))).toMatchObject({ status: 404, code: 'not_found' })
    await patch(fresh, ref_id, { disabled: true })
    expect(await problemOf(await ask_({ since, dry_run: true }))).toMatchObject({
      status: 409,
      code: 'endpoint_disabled',
    })
  })

  it('since a moment takes what died, what was missed, or both', async () => {
    const past = (ref: string): Past[] => [
      { minutesAgo: 40, at: { [ref]: 'dead' } },
      { minutesAgo: 30, at: { [ref]: 'dead' } },
      { minutesAgo: 25 },
      // Not what this endpoint wants.
      { minutesAgo: 24, type: 'campaign.updated' },
      { minutesAgo: 20, at: { [ref]: 'delivered' } },
      { minutesAgo: 10, at: { [ref]: 'dead' } },
      { minutesAgo: 5 },
    ]
    const since = minutesAgo(35)
    for (const [which, expected] of [
      ['failed', ['dead', 'pending', undefined, undefined, 'delivered', 'pending', undefined]],
      ['missing', ['dead', 'dead', 'pending', undefined, 'delivered', 'dead', 'pending']],
      ['all', ['dead', 'pending', 'pending', undefined, 'delivered', 'pending', 'pending']],
      [undefined, ['dead', 'pending', 'pending', undefined, 'delivered', 'pending', 'pending']],
    ] as const) {
      const fresh = await makeWorld()
      const { ref_id } = await makeEndpoint(fresh, { kind: 'poll', event_types: ['campaign.created'] })
      const messages = await makeHistory(fresh.tenant.id, past(ref_id))
      const answer = await post(fresh, `/endpoints/${ref_id}/replay`, { since, ...(which && { which }) })
      const replayed = expected.filter((status) => status === 'pending').length
      expect(await answer.json()).toEqual({ replayed, has_more: false })
      const { deliveries } = Deliveries.parse(
        await (await ask(fresh, `/deliveries?endpoint=${ref_id}`)).json(),
      )
      const found = messages.map((id) => deliveries.find((one) => one.message_id === id)?.status)
      expect({ which, found }).toEqual({ which, found: expected })
    }
  })

  it('ends where it is told to', async () => {
    const { ref_id, messages } = await makeReached((ref) => [
      { minutesAgo: 400, at: { [ref]: 'dead' } },
      { minutesAgo: 300, at: { [ref]: 'dead' } },
      { minutesAgo: 200, at: { [ref]: 'dead' } },
    ])
    const body = { since: minutesAgo(350), until: minutesAgo(250), which: 'failed' }
    expect(await (await replay(ref_id, body)).json()).toEqual({ replayed: 1, has_more: false })
    expect(await statuses(ref_id, messages)).toEqual(['dead', 'pending', 'dead'])
    const backwards = { since: minutesAgo(250), until: minutesAgo(350) }
    expect(await (await replay(ref_id, backwards)).json()).toEqual({ replayed: 0, has_more: false })
  })

  it('of one message has an address of its own', async () => {
    const { ref_id, messages } = await makeReached((ref) => [{ minutesAgo: 10, at: { [ref]: 'delivered' } }])
    const resend = (message: string, endpoint: string, by = world.owner) =>
      ask(world, `/messages/${message}/endpoints/${endpoint}/resend`, { method: 'POST', token: by.token })
    const answer = await resend(messages[0]!, ref_id)
    expect([answer.status, await answer.json()]).toEqual([202, { replayed: 1, has_more: false }])
    expect(await statuses(ref_id, messages)).toEqual(['pending'])
    const nobodys = '01M7WEMVE6F88A2P79KZB3EJTX'
    for (const [message, endpoint] of [
      [`msg_${nobodys}`, ref_id],
      [messages[0]!, nobodys],
      ['nonsense', ref_id],
      [messages[0]!, 'nonsense'],
    ] as const) {
      expect(await problemOf(await resend(message, endpoint))).toMatchObject({
        status: 404,
        code: 'not_found',
      })
    }
    expect((await resend(messages[0]!, ref_id, world.member)).status).toBe(403)
  })

  it('of what is not there is refused whole', async () => {
    const { ref_id, messages } = await makeReached((ref) => [{ minutesAgo: 10, at: { [ref]: 'delivered' } }])
    const elsewhere = await makeWorld()
    const [theirs] = await makeHistory(elsewhere.tenant.id, [{ minutesAgo: 10 }])
    for (const other of ['msg_01M7WEMVE6F88A2P79KZB3EJTX', theirs]) {
      const answer = await problemOf(await replay(ref_id, { message_ids: [messages[0], other] }))
      expect(answer).toMatchObject({ status: 404, code: 'not_found' })
    }
    expect(await statuses(ref_id, messages)).toEqual(['delivered'])
  })

  it('is refused when it does not say what', async () => {
    const { ref_id, messages } = await makeReached(() => [{ minutesAgo: 10 }])
    const since = minutesAgo(60)
    const wrong: [unknown, string[]][] = [
      [{}, ['/since']],
      [{ until: since }, ['/since']],
      [{ which: 'all' }, ['/since']],
      [{ message_ids: [] }, ['/message_ids']],
      [{ message_ids: Array(1_001).fill(messages[0]) }, ['/message_ids']],
      [{ message_ids: messages, since }, ['/since']],
      [{ message_ids: messages, which: 'failed', until: since }, ['/until', '/which']],
      [{ message_ids: ['nonsense'] }, ['/message_ids/0']],
      [{ message_ids: messages[0] }, ['/message_ids']],
      [{ since: 'yesterday' }, ['/since']],
      [{ since, which: 'dead' }, ['/which']],
      [{ since, limit: 5 }, ['/limit']],
    ]
    for (const [body, pointers] of wrong) {
      const answer = await problemOf(await replay(ref_id, body))
      expect({ body, ...answer }).toEqual({ body, status: 422, code: 'invalid_body', pointers })
    }
  })

  it('and a test are refused at an endpoint that is disabled', async () => {
    const { ref_id, messages } = await makeReached((ref) => [{ minutesAgo: 10, at: { [ref]: 'dead' } }])
    await patch(world, ref_id, { disabled: true })
    const refused = { status: 409, code: 'endpoint_disabled', pointers: [] }
    expect(await problemOf(await replay(ref_id, { message_ids: messages }))).toEqual(refused)
    expect(await problemOf(await post(world, `/endpoints/${ref_id}/test`, {}))).toEqual(refused)
    expect(await statuses(ref_id, messages)).toEqual(['dead'])
  })
})

describe('a test', () => {
  it('sends the example of a type to one endpoint alone', async () => {
    const { ref_id } = await makeEndpoint(world, { kind: 'poll', event_types: ['campaign.updated'] })
    const other = await makeEndpoint(world, { kind: 'poll' })
    const answer = await post(world, `/endpoints/${ref_id}/test`, { event_type: 'campaign.created' })
    expect(answer.status).toBe(202)
    const { message_id } = (await answer.json()) as { message_id: string }
    const message = MessageWithPayload.parse(await (await ask(world, `/messages/${message_id}`)).json())
    const { rows } = await superuser.query(
      `select example from public.webhook_event_types where type = 'campaign.created' order by version desc limit 1`,
    )
    expect(message).toMatchObject({ event_type: 'campaign.created', is_test: true, data: rows[0].example })
    expect(await statuses(ref_id, [message_id])).toEqual(['pending'])
    expect(await statuses(other.ref_id, [message_id])).toEqual([undefined])
  })

  it('of a type that is none is refused', async () => {
    const { ref_id } = await makeEndpoint(world, { kind: 'poll' })
    for (const event_type of ['no.such', 'x'.repeat(200), "'; --", '💥']) {
      const answer = await problemOf(await post(world, `/endpoints/${ref_id}/test`, { event_type }))
      expect(answer).toEqual({ status: 422, code: 'unknown_event_type', pointers: ['/event_type'] })
    }
    for (const event_type of ['', 7, null, 'x'.repeat(201)]) {
      const answer = await problemOf(await post(world, `/endpoints/${ref_id}/test`, { event_type }))
      expect(answer).toEqual({ status: 422, code: 'invalid_body', pointers: ['/event_type'] })
    }
  })
})

describe('what was set is what arrives', () => {
  it('at the URL: headers, the shared secret, and a signature of each secret that is good', async () => {
    const url = `${receiver.url}/deal?tenant=1#no`
    const made = await makeEndpoint(world, {
      url,
      headers: { 'X-Env': 'test', 'User-Agent': 'ours/1' },
      static_header: { name: 'X-Deal-Secret', value: 'shh it is a secret' },
      event_types: ['campaign.updated'],
    })
    const sendTest = async () => {
      const answer = await post(world, `/endpoints/${made.ref_id}/test`, {})
      const { message_id } = (await answer.json()) as { message_id: string }
      await receiver.until(() => receiver.received.some(({ id }) => id === message_id))
      return receiver.received.find(({ id }) => id === message_id)!
    }
    const first = await sendTest()
    expect(first.path).toBe('/deal?tenant=1')
    expect(first.headers).toMatchObject({
      'x-env': 'test',
      'x-deal-secret': 'shh it is a secret',
      'user-agent': 'ours/1',
    })
    expect(verify(made.secret, first)).toMatchObject({ type: 'webhook.test' })

    const rotated = await post(world, `/endpoints/${made.ref_id}/secret/rotate`, {})
    const { secret } = (await rotated.json()) as { secret: string }
    await patch(world, made.ref_id, { headers: { 'x-env': null }, static_header: null })
    const second = await sendTest()
    // Who has not changed over yet verifies with the old one.
    expect(verify(secret, second)).toMatchObject({ type: 'webhook.test' })
    expect(verify(made.secret, second)).toMatchObject({ type: 'webhook.test' })
    expect(second.headers).not.toHaveProperty('x-env')
    expect(second.headers).not.toHaveProperty('x-deal-secret')

    await post(world, `/endpoints/${made.ref_id}/secret/rotate`, { overlap_seconds: 0 })
    const third = await sendTest()
    expect(() => verify(made.secret, third)).toThrow()
    expect(() => verify(secret, third)).toThrow()
  })
})
