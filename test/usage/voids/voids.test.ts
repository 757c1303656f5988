import { beforeAll, describe, expect, inject, it } from 'vitest'
import { UsageTotals, UsageVoidBatchResult, UsageVoidResult } from '../../../lib/usage/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

let owner: Person
let writer: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  writer = await makePerson()
  tenant = await makeTenant({ owner, member: writer })
})

interface Sent {
  status: string
  ref_id: string
}
const log = async (event: object, of = tenant): Promise<Sent> => {
  const body = { event_type: 'llm.call', tokens_used: 10, cost_micros: 7, ...event }
  const answer = await call('/usage/events', { token: owner.token, tenant: of.slug, body })
  return (await answer.json()) as Sent
}
const send = (body: unknown, { token } = owner, of = tenant) =>
  call('/usage/voids', { token, tenant: of.slug, body })
const voidOne = async (body: unknown) => {
  const answer = await send(body)
  expect(answer.status, await answer.clone().text()).toBe(200)
  return UsageVoidResult.parse(await answer.json())
}
const voidAll = async (events: unknown[]) => {
  const answer = await send({ events })
  expect(answer.status, await answer.clone().text()).toBe(200)
  return UsageVoidBatchResult.parse(await answer.json())
}
const totalOf = async (event_type: string) => {
  const answer = await call(`/usage/totals?window=month&event_type=${event_type}`, {
    token: owner.token,
    tenant: tenant.slug,
  })
  return UsageTotals.parse(await answer.json()).totals.map((total) => [
    total.event_count,
    total.tokens_used,
    total.cost_micros,
  ])
}
const voidsOf = async (ref: string) =>
  (
    await admin.query(
      'select user_id, api_key_id, reason from public.usage_event_voids where usage_event_id = private.ulid_to_uuid($1)',
      [ref],
    )
  ).rows

describe('a voided event', () => {
  it('counts no more, and stays readable with who voided it and why', async () => {
    const first = await log({ event_type: 'by.ref' })
    const other = await log({ event_type: 'by.ref', tokens_used: 5 })
    expect(await totalOf('by.ref')).toEqual([[2, 15, 14]])
    expect(await voidOne({ ref_id: first.ref_id, reason: 'A test run.' })).toEqual({
      status: 'voided',
      ref_id: first.ref_id,
    })
    expect(await totalOf('by.ref')).toEqual([[1, 5, 7]])
    expect(await voidsOf(first.ref_id)).toEqual([
      { user_id: owner.id, api_key_id: null, reason: 'A test run.' },
    ])
    expect(await voidsOf(other.ref_id)).toEqual([])
    const { rowCount } = await admin.query(
      'select from public.usage_events where id = private.ulid_to_uuid($1)',
      [first.ref_id],
    )
    expect(rowCount).toBe(1)
  })

  it('may be named by the source and the id under which it was sent', async () => {
    const { ref_id } = await log({ event_type: 'by.id', event_id: 'v-1', source: 'worker' })
    const elsewhere = await log({ event_type: 'by.id', event_id: 'v-1' })
    expect(await voidOne({ source: 'worker', event_id: 'v-1' })).toEqual({ status: 'voided', ref_id })
    expect(await voidsOf(elsewhere.ref_id)).toEqual([])
    expect(await voidOne({ event_id: 'v-1' })).toEqual({ status: 'voided', ref_id: elsewhere.ref_id })
    expect(await totalOf('by.id')).toEqual([])
  })

  it('is answered the same when it is voided again, and is taken off once', async () => {
    const [one, two] = [await log({ event_type: 'twice' }), await log({ event_type: 'twice' })]
    const body = { ref_id: one.ref_id, reason: 'first' }
    const answers = await Promise.all(Array.from({ length: 8 }, () => voidOne(body)))
    answers.push(await voidOne({ ref_id: one.ref_id, reason: 'second' }))
    expect(answers).toEqual(answers.map(() => ({ status: 'voided', ref_id: one.ref_id })))
    expect(await totalOf('twice')).toEqual([[1, 10, 7]])
    expect(await voidsOf(one.ref_id)).toMatchObject([{ reason: 'first' }])
    expect(await voidsOf(two.ref_id)).toEqual([])
  })

  it('stays a duplicate: sending it again does not bring it back', async () => {
    const event = { event_type: 'resent', event_id: 'v-resent' }
    await log(event)
    await voidOne({ event_id: 'v-resent' })
    expect(await log(event)).toEqual({ status: 'duplicate' })
    expect(await totalOf('resent')).toEqual([])
  })
})

describe('a batch of voids', () => {
  it('says of each what became of it; a bad one does not harm its neighbours', async () => {
    const { ref_id } = await log({ event_type: 'batched', event_id: 'v-batch' })
    const answer = await voidAll([
      { ref_id },
      { event_id: 'v-batch' },
      { event_id: 'never-sent' },
      { ref_id: '01JD3N8Q4ZB6T2V9XK5M7R0C1E' },
      { ref_id: 'nonsense' },
      {},
      'nonsense',
      { ref_id, source: 'api' },
      { event_id: 'v-batch', reason: 'a\u0000b' },
    ])
    expect(answer.events.map(({ status, code }) => code ?? status)).toEqual([
      ...['voided', 'voided', 'event_not_found', 'event_not_found'],
      ...['invalid_body', 'invalid_body', 'invalid_body', 'invalid_body', 'invalid_body'],
    ])
    expect(answer).toMatchObject({ voided: 2, rejected: 7 })
    expect(answer.events[2]?.errors?.[0]?.pointer).toBe('/event_id')
    expect(answer.events[3]?.errors?.[0]?.pointer).toBe('/ref_id')
    expect(await totalOf('batched')).toEqual([])
  })

  it('takes a thousand, in any order, from several callers at once', async () => {
    const events = Array.from({ length: 1_000 }, (_, n) => ({
      type: 'many',
      id: `many-${n}`,
      tokens_used: n,
    }))
    await call('/usage/events', { token: owner.token, tenant: tenant.slug, body: { events } })
    const ids = events.slice(1).map(({ id }) => ({ event_id: id }))
    const answers = await Promise.all([voidAll(ids), voidAll(ids.toReversed()), voidAll(ids)])
    expect(answers.map(({ voided }) => voided)).toEqual([999, 999, 999])
    expect(await totalOf('many')).toEqual([[1, 0, 0]])
  })

  it.each<[string, unknown, string]>([
    ['nothing', { events: [] }, '/events'],
    ['1,001 events', { events: Array.from({ length: 1_001 }, () => ({ event_id: 'a' })) }, '/events'],
    ['something beside', { events: [{ event_id: 'a' }], reason: 'x' }, '/reason'],
  ])('of %s is refused', async (_name, body, pointer) => {
    expect(await problemOf(await send(body))).toEqual({
      ...{ status: 422, code: 'invalid_body', pointers: [pointer] },
    })
  })
})

describe('nobody voids', () => {
  it('what was never sent', async () => {
    expect(await problemOf(await send({ event_id: 'never-sent' }))).toEqual({
      ...{ status: 404, code: 'event_not_found', pointers: ['/event_id'] },
    })
  })
  it("another tenant's event, and hears that it does not exist", async () => {
    const stranger = await makePerson()
    const other = await makeTenant({ owner: stranger })
    const { ref_id } = await log({ event_type: 'foreign', event_id: 'v-foreign' })
    for (const body of [{ ref_id }, { event_id: 'v-foreign' }])
      expect(await problemOf(await send(body, stranger, other))).toMatchObject({ code: 'event_not_found' })
    expect(await problemOf(await send({ ref_id }, stranger))).toMatchObject({ code: 'tenant_not_found' })
    expect(await totalOf('foreign')).toEqual([[1, 10, 7]])
  })
  it('as a member who may only log', async () => {
    const { ref_id } = await log({ event_type: 'mine' })
    expect(await problemOf(await send({ ref_id }, writer))).toMatchObject({ status: 403, code: 'forbidden' })
  })
  it.each([
    ['frozen', 403, 'tenant_frozen'],
    ['trial', 403, 'trial_ended'],
  ] as const)('in a tenant that is %s, the service included', async (status, refused, code) => {
    const still = await makeTenant({ owner, status })
    for (const credential of [{ token: owner.token }, { apikey: inject('stack').secret_key }]) {
      const answer = await call('/usage/voids', {
        ...credential,
        tenant: still.slug,
        body: { event_id: 'a' },
      })
      expect(await problemOf(answer)).toMatchObject({ status: refused, code })
    }
  })
  it('and nobody changes a void, the service included', async () => {
    const { ref_id } = await log({ event_type: 'kept' })
    await voidOne({ ref_id })
    await expect(
      admin.query(
        `update public.usage_event_voids set reason = 'x' where usage_event_id = private.ulid_to_uuid($1)`,
        [ref_id],
      ),
    ).rejects.toThrow()
    for (const role of ['authenticated', 'service_role'])
      for (const privilege of ['insert', 'update', 'delete', 'truncate'])
        expect(
          (
            await admin.query(`select has_table_privilege($1, 'public.usage_event_voids', $2) as may`, [
              role,
              privilege,
            ])
          ).rows,
        ).toEqual([{ may: false }])
  })
})
