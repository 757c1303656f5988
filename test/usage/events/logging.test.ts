import { beforeAll, describe, expect, inject, it } from 'vitest'
import { UsageBatchResult, UsageEventResult } from '../../../lib/usage/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

let owner: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000)
/** As a sender two hours east of UTC writes it. */
const withOffset = (moment: Date) =>
  `${new Date(moment.getTime() + 7_200_000).toISOString().slice(0, -1)}+02:00`

const send = (body: unknown, token = owner.token) => call('/usage/events', { token, body })
const batch = async (events: unknown[]) => {
  const response = await send({ events })
  expect(response.status).toBe(200)
  return UsageBatchResult.parse(await response.json())
}
const stored = async (source: string) =>
  (
    await admin.query('select * from public.usage_events where tenant_id = $1 and source = $2 order by id', [
      tenant.id,
      source,
    ])
  ).rows

describe('one event', () => {
  it('is stored as it was sent, in the words of requirement document 002', async () => {
    const moment = hoursAgo(50)
    const response = await send({
      event_type: 'llm.call',
      event_data: { prompt: 'hash', nested: { n: [1, 2.5, null] } },
      tokens_used: 1200,
      model_used: 'small-1',
      cost_micros: 350,
      occurred_at: withOffset(moment),
      source: 'one',
    })
    const outcome = UsageEventResult.parse(await response.json())
    const [row] = await stored('one')
    expect(outcome).toEqual({
      status: 'accepted',
      ref_id: (await admin.query('select private.ulid($1) as ref', [row.id])).rows[0].ref,
    })
    expect(row).toMatchObject({
      user_id: owner.id,
      event_type: 'llm.call',
      event_data: { prompt: 'hash', nested: { n: [1, 2.5, null] } },
      tokens_used: '1200',
      model_used: 'small-1',
      cost_micros: '350',
      occurred_at: moment,
    })
  })
  it('may be a CloudEvent', async () => {
    const event = {
      specversion: '1.0',
      id: 'c-1',
      source: 'cloud',
      type: 'quiz.done',
      time: hoursAgo(1).toISOString(),
      data: { a: 1 },
      datacontenttype: 'application/json',
    }
    const response = await call('/usage/events', {
      token: owner.token,
      body: event,
      headers: { 'content-type': 'application/cloudevents+json' },
    })
    expect(await response.json()).toMatchObject({ status: 'accepted' })
    expect(await stored('cloud')).toMatchObject([
      { event_id: 'c-1', event_type: 'quiz.done', event_data: { a: 1 } },
    ])
  })
  it('with an id is counted once; for another event the id is refused', async () => {
    const event = { event_type: 'a', event_id: 'once', source: 'once' }
    const statuses = [await send(event), await send(event)].map(
      async (response) => ((await response.json()) as UsageEventResult).status,
    )
    expect(await Promise.all(statuses)).toEqual(['accepted', 'duplicate'])
    expect(await problemOf(await send({ ...event, tokens_used: 5 }))).toEqual({
      status: 409,
      code: 'event_conflict',
      pointers: ['/event_id'],
    })
    expect(await stored('once')).toHaveLength(1)
  })
  it.each<[unknown, string[]]>([
    [{}, ['/event_type']],
    [{ event_type: 'Not A Word' }, ['/event_type']],
    [{ event_type: 'a', type: 'b' }, ['/type']],
    [{ event_type: 'a', event_data: [] }, ['/event_data']],
    [{ event_type: 'a', event_data: 'x' }, ['/event_data']],
    [{ event_type: 'a', tokens_used: -1 }, ['/tokens_used']],
    [{ event_type: 'a', tokens_used: 1.5 }, ['/tokens_used']],
    [{ event_type: 'a', tokens_used: 1e300 }, ['/tokens_used']],
    [{ event_type: 'a', cost_micros: '5' }, ['/cost_micros']],
    [{ event_type: 'a', occurred_at: 'yesterday' }, ['/occurred_at']],
    [{ event_type: 'a', occurred_at: '2026-02-30T00:00:00Z' }, ['/occurred_at']],
    [{ event_type: 'a', occurred_at: '2026-02-01T00:00:00' }, ['/occurred_at']],
    [{ event_type: 'a', event_id: '' }, ['/event_id']],
    [{ event_type: 'a', event_data: { x: ['a\u0000'] } }, ['/event_data/x/0']],
    [{ event_type: 'a', event_data: { '\ud800': 1 } }, ['/event_data']],
    [{ event_type: 'a', tenant_id: 'x' }, ['/tenant_id']],
    [[], ['']],
    ['a', ['']],
  ])('that is %j is refused', async (body, pointers) => {
    expect(await problemOf(await send(body))).toEqual({ status: 422, code: 'invalid_body', pointers })
  })
})

describe('a batch', () => {
  it('says of each event what became of it; a bad one does not harm its neighbours', async () => {
    const events = [
      { event_type: 'a', event_id: '1', source: 'mixed' },
      { event_type: 'NO', source: 'mixed' },
      'nonsense',
      null,
      { event_type: 'a', event_id: '1', source: 'mixed' },
      { event_type: 'b', event_id: '1', source: 'mixed' },
      { event_type: 'a', source: 'mixed', event_data: { text: 'a\u0000b' } },
      { event_type: 'a', source: 'mixed', event_data: { big: Number.MAX_VALUE, text: '"\\{},NULL\'' } },
    ]
    const answer = await batch(events)
    expect(answer.events.map(({ status, code }) => (code ? `${status} ${code}` : status))).toEqual([
      'accepted',
      'rejected invalid_body',
      'rejected invalid_body',
      'rejected invalid_body',
      'duplicate',
      'rejected event_conflict',
      'rejected invalid_body',
      'accepted',
    ])
    expect(answer).toMatchObject({ accepted: 2, duplicate: 1, rejected: 5 })
    expect(answer.events[6]?.errors).toMatchObject([{ pointer: '/event_data/text' }])
    expect((await stored('mixed')).map(({ event_data }) => event_data)).toEqual([
      {},
      events[7] && { big: Number.MAX_VALUE, text: '"\\{},NULL\'' },
    ])
  })
  it('sent again changes nothing, also when both arrive at once', async () => {
    const events = Array.from({ length: 1_000 }, (_, n) => ({
      event_type: 'bulk',
      event_id: `n${n}`,
      source: 'again',
      tokens_used: n,
    }))
    const answers = await Promise.all([batch(events), batch(events.toReversed()), batch(events)])
    expect(answers.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(1_000)
    expect(answers.reduce((sum, { duplicate }) => sum + duplicate, 0)).toBe(2_000)
    expect(await stored('again')).toHaveLength(1_000)
  })
  it.each<[string, unknown, string]>([
    ['nothing', { events: [] }, '/events'],
    ['1,001 events', { events: Array.from({ length: 1_001 }, () => ({ event_type: 'a' })) }, '/events'],
    ['something else', { events: 'a' }, '/events'],
    ['something beside', { events: [{ event_type: 'a' }], tenant: 'x' }, '/tenant'],
  ])('of %s is refused', async (_name, body, pointer) => {
    expect(await problemOf(await send(body))).toEqual({
      status: 422,
      code: 'invalid_body',
      pointers: [pointer],
    })
  })
  it('of more than 1 MB is 413', async () => {
    const events = Array.from({ length: 100 }, () => ({
      event_type: 'a',
      event_data: { text: 'x'.repeat(20_000) },
    }))
    expect(await problemOf(await send({ events }))).toMatchObject({ status: 413, code: 'payload_too_large' })
  })
})

describe('who may log', () => {
  it('a server with the secret key, for the tenant it names', async () => {
    const { secret_key: apikey } = inject('stack')
    const body = { event_type: 'a', source: 'server' }
    const named = await call('/usage/events', { apikey, tenant: tenant.ref_id, body })
    expect(await named.json()).toMatchObject({ status: 'accepted' })
    expect(await stored('server')).toMatchObject([{ user_id: null }])
    expect(await problemOf(await call('/usage/events', { apikey, body }))).toMatchObject({
      status: 400,
      code: 'tenant_required',
    })
    expect(await problemOf(await call('/usage/events', { apikey, tenant: 'nobody', body }))).toMatchObject({
      status: 404,
      code: 'tenant_not_found',
    })
  })
  it.each([
    ['frozen', 403, 'tenant_frozen'],
    ['trial', 403, 'trial_ended'],
    ['archived', 404, 'tenant_not_found'],
  ] as const)('nobody for a tenant that is %s, the service included', async (status, refused, code) => {
    const still = await makeTenant({ owner, status })
    for (const credential of [{ token: owner.token }, { apikey: inject('stack').secret_key }]) {
      const response = await call('/usage/events', {
        ...credential,
        tenant: still.slug,
        body: { event_type: 'a' },
      })
      expect(await problemOf(response)).toMatchObject({ status: refused, code })
    }
  })
})
