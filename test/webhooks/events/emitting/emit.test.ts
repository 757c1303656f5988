import { describe, expect, inject, it } from 'vitest'
import { asAnon, asService, asUser, admin as db, rolledBack, superuser } from '../../../kit/db.ts'
import { makePerson } from '../../../kit/people.ts'
import { forceTenant, makeTenant } from '../../../kit/tenants.ts'
import { toldTo } from '../told.ts'

const emit = 'select private.emit_event($1, $2, $3, ordering_key => $4, idempotency_key => $5) as id'
const type = 'product.revoked'
const data = { product: 'marketing' }
const ofText = (length: number) => ({ text: 'x'.repeat(length) })

describe('an event', () => {
  it('of a type that is not in the catalogue is refused, and its transaction with it', async () => {
    const { id } = await makeTenant()
    await expect(db.query(emit, [id, 'product.sold', data, null, null])).rejects.toMatchObject({
      code: 'PT422',
      message: 'unknown_event_type',
      detail: expect.stringContaining('"product.sold"'),
    })
    expect(await toldTo(db, id)).toEqual([])
  })

  it('of a megabyte is refused with the limit and its own size; of 256 KiB it is not', async () => {
    const { id } = await makeTenant()
    await expect(db.query(emit, [id, type, ofText(1_048_576), null, null])).rejects.toMatchObject({
      code: 'PT413',
      message: 'payload_too_large',
      detail: expect.stringMatching(/256 KiB \(262144 bytes\).*"product\.revoked".* 10486\d\d/),
    })
    await db.query(emit, [id, type, {}, null, null])
    const { rows } = await db.query<{ n: number }>(
      'select octet_length(payload) as n from public.webhook_events where tenant_id = $1',
      [id],
    )
    const room = 262_144 - rows[0]!.n - '"text": ""'.length
    await expect(db.query(emit, [id, type, ofText(room + 1), null, null])).rejects.toMatchObject({
      code: 'PT413',
    })
    await db.query(emit, [id, type, ofText(room), null, null])
    expect((await toldTo(db, id)).length).toBe(2)
  })

  it('is told byte for byte, whatever it is about', async () => {
    const { id } = await makeTenant()
    const odd = { '': null, 'ключ "\\/': ['\u2028</script>', '😀', 1e308, -0.1, [[]]], '\u007f': '\n\t' }
    await db.query(emit, [id, type, odd, null, null])
    expect((await toldTo(db, id))[0]!.data).toEqual(odd)
  })

  it('of no tenant, a tenant that is gone or one that is archived is not told', async () => {
    const archived = await makeTenant({ status: 'archived' })
    for (const tenant of [null, '15010000-0000-7000-8000-000000000999', archived.id]) {
      const { rows } = await db.query(emit, [tenant, type, data, 'key', 'once'])
      expect(rows).toEqual([{ id: null }])
    }
    expect(await toldTo(db, archived.id)).toEqual([])
  })

  it('of a frozen tenant, or one whose trial is over, is told', async () => {
    const tenant = await makeTenant({ status: 'trial' })
    await db.query(emit, [tenant.id, type, data, null, null])
    await forceTenant(superuser, tenant.id, `status = 'frozen', frozen_at = now()`)
    await db.query(emit, [tenant.id, type, data, null, null])
    expect((await toldTo(db, tenant.id)).map((event) => event.type)).toEqual([type, type])
  })

  it("is no one's to make up or to change, be it over REST or in SQL", async () => {
    const owner = await makePerson()
    const { id } = await makeTenant({ owner })
    await db.query(emit, [id, type, data, null, null])
    for (const run of [asAnon, asService, asUser.bind(null, owner.id)] as (typeof asAnon)[])
      for (const sql of [
        `select private.emit_event('${id}', '${type}', '{}')`,
        `insert into public.webhook_events (tenant_id, type, version, payload) values ('${id}', '${type}', 1, '{}')`,
        `delete from public.webhook_events where tenant_id = '${id}'`,
        `update public.webhook_event_types set description = 'Mine.'`,
      ])
        await expect(
          run((caller) => caller.query(sql)),
          sql,
        ).rejects.toMatchObject({ code: '42501' })
    const stack = inject('stack')
    for (const [path, body] of [
      ['rpc/emit_event', { tenant: id, type, data }],
      ['webhook_events', { tenant_id: id, type, version: 1, payload: '{}' }],
    ] as const) {
      const response = await fetch(`${stack.api_url}/rest/v1/${path}`, {
        method: 'POST',
        headers: {
          apikey: stack.publishable_key,
          authorization: `Bearer ${owner.token}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify(body),
      })
      expect([403, 404]).toContain(response.status)
    }
    // Not even their owner changes one.
    await expect(
      db.query(`update public.webhook_events set payload = '{}' where tenant_id = $1`, [id]),
    ).rejects.toThrow(/append-only/)
    expect((await toldTo(db, id)).map((event) => event.type)).toEqual(['member.joined', type])
  })

  it('is found by its keys, never by reading all events, on whatever a session has planned before', async () => {
    const { id } = await makeTenant()
    await rolledBack(db, async (tx) => {
      // So that reading a small table through would seem cheaper than any index.
      await tx.query('set local random_page_cost = 100000')
      const reads = async () =>
        (
          await tx.query<{ relname: string; seq_scan: number }>(
            `select relname, seq_scan::int from pg_stat_xact_user_tables
             where relname in ('webhook_events', 'webhook_outbox', 'webhook_event_types', 'tenants') order by relname`,
          )
        ).rows
      await tx.query(emit, [id, type, data, 'key', 'once'])
      const before = await reads()
      expect(before.length).toBe(4)
      for (let n = 0; n < 8; n++) await tx.query(emit, [id, type, data, 'key', `once-${n}`])
      expect(await reads()).toEqual(before)
    })
  })
})

describe('events that happen at once', () => {
  const emitAll = `select private.emit_events($1, $2, $3::text[]::jsonb[], $4, $5) as ids`
  const types = Array.from({ length: 3 }, () => type)
  const numbered = types.map((_, n) => JSON.stringify({ product: `${n}` }))
  const told = async (tenant: string) =>
    (await toldTo(db, tenant)).map(({ data }) => (data as { product: string }).product)

  it('are told in the order in which they stand, behind what was told of their keys before', async () => {
    const { id } = await makeTenant()
    // What a server has told whose clock is a century ahead.
    const ahead = '03ffffff-ffff-7000-8000-000000000000'
    await db.query(
      `insert into public.webhook_events (tenant_id, id, type, version, payload, ordering_key)
       values ($1, $2, $3, 1, private.webhook_payload($3, now(), '{"product": "before"}'), 'key')`,
      [id, ahead, type],
    )
    const { rows } = await db.query<{ ids: string[] }>(emitAll, [
      id,
      types,
      numbered,
      ['key', null, 'key'],
      null,
    ])
    const ids = rows[0]!.ids
    expect([ahead, ...ids]).toEqual([ahead, ...ids].sort())
    expect(await told(id)).toEqual(['before', '0', '1', '2'])
  })

  it('count once by their keys, each by its own', async () => {
    const { id } = await makeTenant()
    const keys = ['a', null, 'b']
    const first = await db.query<{ ids: string[] }>(emitAll, [id, types, numbered, [], ['a', null, 'c']])
    const second = await db.query<{ ids: string[] }>(emitAll, [id, types, numbered, [], keys])
    expect(second.rows[0]!.ids[0]).toBe(first.rows[0]!.ids[0])
    expect(await told(id)).toEqual(['0', '1', '2', '1', '2'])
    const { rowCount } = await db.query(
      `select from public.webhook_events where tenant_id = $1 and id = any ($2)`,
      [id, second.rows[0]!.ids],
    )
    expect(rowCount).toBe(3)
  })

  it('are none, if one of them is refused', async () => {
    const { id } = await makeTenant()
    await expect(db.query(emitAll, [id, [type, 'product.sold'], ['{}', '{}'], [], []])).rejects.toMatchObject(
      { message: 'unknown_event_type' },
    )
    expect(await toldTo(db, id)).toEqual([])
  })
})

describe('an idempotency key', () => {
  it('is good once a tenant: the second time the same event is answered', async () => {
    const [tenant, other] = [await makeTenant(), await makeTenant()]
    const ids = []
    for (const one of [tenant, tenant, other])
      ids.push((await db.query<{ id: string }>(emit, [one.id, type, data, 'key', 'once'])).rows[0]!.id)
    expect(ids[1]).toBe(ids[0])
    expect(ids[2]).not.toBe(ids[0])
    expect((await toldTo(db, tenant.id)).map(({ id }) => id)).toEqual([ids[0]])
    const { rowCount } = await db.query('select from private.webhook_outbox where event_id = $1', [ids[0]])
    expect(rowCount).toBeLessThanOrEqual(1)
  })

  it.each(['commit', 'rollback'])(
    'that two transactions use at the same time is decided by the first one: %s',
    async (end) => {
      const { id } = await makeTenant()
      const [first, second] = [await db.connect(), await db.connect()]
      try {
        await first.query('begin')
        const { rows } = await first.query<{ id: string }>(emit, [id, type, data, null, 'once'])
        let isWaiting = true
        const later = second.query<{ id: string }>(emit, [id, type, data, null, 'once']).finally(() => {
          isWaiting = false
        })
        await new Promise((resolve) => setTimeout(resolve, 200))
        expect(isWaiting).toBe(true)
        await first.query(end)
        const answered = (await later).rows[0]!.id
        expect((await toldTo(db, id)).map((event) => event.id)).toEqual([answered])
        expect(answered === rows[0]!.id).toBe(end === 'commit')
      } finally {
        first.release()
        second.release()
      }
    },
  )
})
