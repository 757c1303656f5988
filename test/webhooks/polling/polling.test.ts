import { Webhook } from 'standardwebhooks'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { PolledMessages } from '../../../lib/webhooks/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { superuser } from '../../kit/db.ts'
import { makePerson } from '../../kit/people.ts'
import { makeTenant } from '../../kit/tenants.ts'
import { makeKey } from '../../registry/api-keys/world.ts'
import {
  ask,
  emit,
  eventually,
  makeEndpoint,
  makeWorld,
  patch,
  post,
  type World,
} from '../endpoints/world.ts'

// A busy machine makes this slow, not wrong.
vi.setConfig({ testTimeout: 120_000 })

let world: World
beforeAll(async () => {
  world = await makeWorld()
})

const poll = async (ref: string, body: unknown = {}, token = world.owner.token) => {
  const response = await call(`/webhooks/endpoints/${ref}/poll`, { token, tenant: world.tenant.slug, body })
  expect(response.status, await response.clone().text()).toBe(200)
  return PolledMessages.parse(await response.json())
}
/** Asks until a message is there. */
const pollSome = (ref: string, body: unknown = {}) =>
  eventually('a message', async () => {
    const polled = await poll(ref, body)
    return polled.messages.length > 0 && polled
  })
const acknowledge = async (ref: string, lease_id: string | null, message_ids: string[]) => {
  const response = await post(world, `/endpoints/${ref}/acknowledge`, { lease_id, message_ids })
  expect(response.status, await response.clone().text()).toBe(200)
  return ((await response.json()) as { acknowledged: number }).acknowledged
}
const makePolled = () => makeEndpoint(world, { kind: 'poll', event_types: ['campaign.created'] })
/** Lets the leases of an endpoint end. */
const endLeases = (ref: string) =>
  superuser.query(
    `update private.queue_items as i set next_at = now() from public.webhook_endpoints as e
     where e.id = i.lane_id and e.ref_id = $1 and i.lease_id is not null`,
    [ref],
  )

describe('a receiver that asks', () => {
  it('is given what a request would bring, and verifies it with the same code', async () => {
    const { ref_id, secret } = await makePolled()
    await emit(world, { text: 'Zürich "東京" \u2028 🚀', n: 1.0 })
    const polled = await pollSome(ref_id)
    expect(polled.lease_id).not.toBeNull()
    const [message] = polled.messages
    expect(message).toMatchObject({ event_type: 'campaign.created', attempt_number: 1 })
    expect(message!.headers['webhook-id']).toBe(message!.id)
    const { rows } = await superuser.query<{ payload: string }>(
      `select payload from public.webhook_events where 'msg_' || private.ulid(id) = $1`,
      [message!.id],
    )
    expect(message!.payload).toBe(rows[0]!.payload)
    expect(new Webhook(secret).verify(message!.payload, message!.headers)).toMatchObject({
      type: 'campaign.created',
      data: { text: 'Zürich "東京" \u2028 🚀', n: 1 },
    })
    expect(() => new Webhook(secret).verify(`${message!.payload} `, message!.headers)).toThrow()
  })

  it('gets them the oldest first, as many as it wants, and none twice while they are leased', async () => {
    const { ref_id } = await makePolled()
    for (let n = 1; n <= 5; n++) await emit(world, { n })
    await eventually('five deliveries', async () => {
      const { rows } = await superuser.query(
        `select from public.webhook_deliveries as d join public.webhook_endpoints as e on e.id = d.endpoint_id where e.ref_id = $1`,
        [ref_id],
      )
      return rows.length === 5
    })
    const numbers = ({ messages }: PolledMessages) => messages.map((one) => JSON.parse(one.payload).data.n)
    expect(numbers(await poll(ref_id, { max_messages: 2 }))).toEqual([1, 2])
    const atOnce = await Promise.all([1, 2, 3].map(() => poll(ref_id, { max_messages: 1 })))
    expect(atOnce.flatMap(numbers).sort()).toEqual([3, 4, 5])
    expect(await poll(ref_id)).toEqual({ messages: [], lease_id: null, lease_until: null })
  })

  it('gets again what it did not acknowledge, under the same id', async () => {
    const { ref_id } = await makePolled()
    await emit(world)
    const first = await pollSome(ref_id)
    await endLeases(ref_id)
    const second = await poll(ref_id)
    expect(second.messages[0]).toMatchObject({ id: first.messages[0]!.id, attempt_number: 2 })
    // Too late: somebody else may have it by now.
    expect(await acknowledge(ref_id, first.lease_id, [first.messages[0]!.id])).toBe(0)
    expect(await acknowledge(ref_id, second.lease_id, [second.messages[0]!.id])).toBe(1)
    expect(await acknowledge(ref_id, second.lease_id, [second.messages[0]!.id])).toBe(0)
    await endLeases(ref_id)
    expect((await poll(ref_id)).messages).toEqual([])
  })

  it('acknowledges only what is its own: the rest of a list counts for nothing', async () => {
    const { ref_id } = await makePolled()
    const other = await makePolled()
    await emit(world)
    const { messages, lease_id } = await pollSome(ref_id)
    const id = messages[0]!.id
    expect(await acknowledge(other.ref_id, lease_id, [id])).toBe(0)
    expect(await acknowledge(ref_id, crypto.randomUUID(), [id])).toBe(0)
    expect(await acknowledge(ref_id, lease_id, ['msg_01M7WEMVE6F88A2P79KZB3EJTX', id, id])).toBe(1)
  })

  it('polls with an API key that has the scope, and with no other', async () => {
    const { ref_id } = await makePolled()
    const good = await makeKey(world.tenant, world.owner, { scopes: ['webhooks:write'] })
    const other = await makeKey(world.tenant, world.owner, { scopes: ['usage:write', 'tenant:read'] })
    await emit(world)
    const polled = await eventually('a message', async () => {
      const got = await poll(ref_id, {}, good.key)
      return got.messages.length > 0 && got
    })
    const done = await call(`/webhooks/endpoints/${ref_id}/acknowledge`, {
      token: good.key,
      body: { lease_id: polled.lease_id, message_ids: polled.messages.map(({ id }) => id) },
    })
    expect(await done.json()).toEqual({ acknowledged: polled.messages.length })
    const refused = await call(`/webhooks/endpoints/${ref_id}/poll`, { token: other.key, body: {} })
    expect(await problemOf(refused)).toMatchObject({ status: 403, code: 'forbidden' })
    // Polling is all that it may do.
    for (const path of ['/endpoints', `/endpoints/${ref_id}`, `/endpoints/${ref_id}/secret`, '/messages']) {
      const attempt = await call(`/webhooks${path}`, { token: good.key })
      expect(await problemOf(attempt)).toMatchObject({ status: 403, code: 'forbidden' })
    }
    const elsewhere = await makeTenant({ owner: await makePerson() })
    const strange = await makeKey(world.tenant, world.owner, { scopes: ['webhooks:write'] })
    const crossed = await call(`/webhooks/endpoints/${ref_id}/poll`, {
      token: strange.key,
      tenant: elsewhere.slug,
      body: {},
    })
    expect(await problemOf(crossed)).toMatchObject({ status: 404, code: 'tenant_not_found' })
  })

  it('may be any member who writes; a reviewer may not', async () => {
    const { ref_id } = await makePolled()
    expect((await post(world, `/endpoints/${ref_id}/poll`, {}, world.member)).status).toBe(200)
    const reviewer = await makePerson()
    await superuser.query(
      `insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, 'reviewer')`,
      [world.tenant.id, reviewer.id],
    )
    expect((await post(world, `/endpoints/${ref_id}/poll`, {}, reviewer)).status).toBe(403)
  })

  it('is told when there is nothing to poll', async () => {
    const pushed = await makeEndpoint(world)
    const conflict = { status: 409, code: 'not_a_polling_endpoint', pointers: [] }
    expect(await problemOf(await post(world, `/endpoints/${pushed.ref_id}/poll`, {}))).toEqual(conflict)
    const ids = { lease_id: crypto.randomUUID(), message_ids: ['msg_01M7WEMVE6F88A2P79KZB3EJTX'] }
    expect(await problemOf(await post(world, `/endpoints/${pushed.ref_id}/acknowledge`, ids))).toEqual(
      conflict,
    )
    const { ref_id } = await makePolled()
    await patch(world, ref_id, { disabled: true })
    const disabled = { status: 409, code: 'endpoint_disabled', pointers: [] }
    expect(await problemOf(await post(world, `/endpoints/${ref_id}/poll`, {}))).toEqual(disabled)
    const nobodys = await ask(world, '/endpoints/01M7WEMVE6F88A2P79KZB3EJTX/poll', { body: {} })
    expect(await problemOf(nobodys)).toMatchObject({ status: 404, code: 'not_found' })
  })

  it('is refused what does not fit', async () => {
    const { ref_id } = await makePolled()
    const id = 'msg_01M7WEMVE6F88A2P79KZB3EJTX'
    const lease_id = crypto.randomUUID()
    const wrong: [string, unknown, string[]][] = [
      ['poll', { max_messages: 0 }, ['/max_messages']],
      ['poll', { max_messages: 101 }, ['/max_messages']],
      ['poll', { max_messages: '5' }, ['/max_messages']],
      ['poll', { lease_seconds: 4 }, ['/lease_seconds']],
      ['poll', { lease_seconds: 3_601 }, ['/lease_seconds']],
      ['acknowledge', { message_ids: [id] }, ['/lease_id']],
      ['acknowledge', { lease_id: 'none', message_ids: [id] }, ['/lease_id']],
      ['acknowledge', { lease_id }, ['/message_ids']],
      ['acknowledge', { lease_id, message_ids: [] }, ['/message_ids']],
      ['acknowledge', { lease_id, message_ids: Array(101).fill(id) }, ['/message_ids']],
      ['acknowledge', { lease_id, message_ids: [id.slice(4)] }, ['/message_ids/0']],
      ['acknowledge', { lease_id, message_ids: [`${id}0`] }, ['/message_ids/0']],
      ['acknowledge', { lease_id, message_ids: [7] }, ['/message_ids/0']],
    ]
    for (const [what, body, pointers] of wrong) {
      const answer = await problemOf(await post(world, `/endpoints/${ref_id}/${what}`, body))
      expect({ body, ...answer }).toEqual({ body, status: 422, code: 'invalid_body', pointers })
    }
  })
})
