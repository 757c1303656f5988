import { beforeAll, describe, expect, it } from 'vitest'
import { admin, rolledBack } from '../../kit/db.ts'
import { makeTenant } from '../../kit/tenants.ts'
import {
  brokenPromises,
  finish,
  makeCapped,
  priceModel,
  recordTool,
  refusalOf,
  setCap,
  spendOf,
  start,
} from './scene.ts'

beforeAll(() => priceModel())

describe('the cap', () => {
  it('is asked before the call: what is spent, held and wanted fits in it, to the last millionth', async () => {
    const { id } = await makeCapped(1_000)
    await finish(id, (await start(id, { output: 4 })).id, { output: 4 })
    await start(id, { output: 5 })
    expect(await refusalOf(start(id, { output: 2 }))).toBe('spend_cap_reached')
    await start(id, { output: 1 })
    expect(await refusalOf(start(id, { input: 1, output: 0 }))).toBe('spend_cap_reached')
    expect(await spendOf(id)).toMatchObject({ spent: 400, held: 600 })
  })

  it('says when it starts again and what was asked for, and neither the cap nor the spend', async () => {
    const { id } = await makeCapped(50)
    const refused = await start(id).then(
      () => undefined,
      (thrown: { code: string; hint: string; detail: string }) => thrown,
    )
    expect(refused).toMatchObject({ code: 'PT402', detail: expect.stringContaining('An owner can raise') })
    const { rows } = await admin.query(
      'select private.event_moment(resets_at) as at from private.spend_month($1)',
      [id],
    )
    expect(JSON.parse(refused!.hint)).toEqual({ needed_micros: 100, resets_at: rows[0].at })
  })

  it('of nothing refuses every call that costs something, and one that is missing none', async () => {
    const { id } = await makeCapped(0)
    expect(await refusalOf(start(id))).toBe('spend_cap_reached')
    expect((await start(id, { provider: 'ollama', name: 'llama3.2' })).held_micros).toBe('0')
    await setCap(id, null)
    expect((await start(id, { output: 100_000_000 })).held_micros).toBe('10000000000')
  })

  it('that is raised or lowered holds for the next call', async () => {
    const { id } = await makeCapped(100)
    const { id: open } = await start(id)
    expect(await refusalOf(start(id))).toBe('spend_cap_reached')
    await setCap(id, 200)
    await start(id)
    await setCap(id, 0)
    expect(await refusalOf(start(id))).toBe('spend_cap_reached')
    expect((await finish(id, open)).counted_micros).toBe('100')
  })

  it('frees what a finished call did not take', async () => {
    const { id } = await makeCapped(1_000)
    const hold = await start(id, { output: 10 })
    expect(await refusalOf(start(id))).toBe('spend_cap_reached')
    await finish(id, hold.id, { output: 2 })
    await start(id, { output: 8 })
    expect(await spendOf(id)).toMatchObject({ spent: 200, held: 800 })
  })

  it('is a month long: what was spent before does not count', async () => {
    await rolledBack(admin, async (db) => {
      const { id } = await makeCapped(100, db)
      const hold = await start(id, { db })
      expect(await spendOf(id, db)).toMatchObject({ held: 100 })
      // As if the month had ended since.
      for (const table of ['llm_call_holds', 'tenant_spends'])
        await db.query(
          `update public.${table} set month_start = month_start - interval '1 month' where tenant_id = $1`,
          [id],
        )
      expect(await spendOf(id, db)).toMatchObject({ spent: 0, held: 0, open: 0 })
      await start(id, { db })
      // Its cost counts in the month that admitted it.
      const call = await finish(id, hold.id, { db })
      expect(call).toMatchObject({
        month_start: new Date(hold.month_start.getFullYear(), hold.month_start.getMonth() - 1, 1),
      })
      expect(await spendOf(id, db)).toMatchObject({ spent: 0, held: 100 })
      expect(await brokenPromises(db, id)).toEqual([])
    })
  })

  it("is of the tenant's own month", async () => {
    await rolledBack(admin, async (db) => {
      const { id } = await makeTenant({ db })
      for (const zone of ['Pacific/Kiritimati', 'Asia/Kathmandu', 'Pacific/Pago_Pago']) {
        await db.query('update public.tenants set time_zone = $2 where id = $1', [id, zone])
        const { rows } = await db.query(
          `select m.month_start = date_trunc('month', now() at time zone $2)::date as starts,
             m.resets_at = date_add(date_trunc('month', now(), $2), interval '1 month', $2) as resets from private.spend_month($1) as m`,
          [id, zone],
        )
        expect(rows).toEqual([{ starts: true, resets: true }])
      }
    })
  })
})

describe('a call that is not completed', () => {
  const pass = (tenant: string, hold: string) =>
    admin.query(
      `with h as (update public.llm_call_holds set expires_at = now() - interval '1 second' where tenant_id = $1 and id = $2 returning month_start)
       update public.tenant_spends as s set next_due_at = now() - interval '1 second' from h where s.tenant_id = $1 and s.month_start = h.month_start`,
      [tenant, hold],
    )

  it('holds nothing once it has expired, whether cron came or not', async () => {
    const { id } = await makeCapped(100)
    const hold = await start(id)
    await pass(id, hold.id)
    expect(await spendOf(id)).toMatchObject({ held: 0, open: 0 })
    await start(id)
    expect(await spendOf(id)).toMatchObject({ held: 100, open: 1 })
    expect(await brokenPromises(admin, id)).toEqual([])
  })

  it('is recorded when it is completed after all, and says that it is late', async () => {
    const { id } = await makeCapped(100)
    const hold = await start(id)
    await pass(id, hold.id)
    await start(id)
    const call = await finish(id, hold.id)
    expect(call).toMatchObject({ is_late: true, counted_micros: '100' })
    expect(await finish(id, hold.id)).toEqual(call)
    expect(await spendOf(id)).toMatchObject({ spent: 100, held: 100 })
    expect(await brokenPromises(admin, id)).toEqual([])
  })

  it('is freed by cron for a tenant that does nothing, and forgotten after 35 days', async () => {
    const { id } = await makeCapped(100)
    const hold = await start(id)
    await pass(id, hold.id)
    await admin.query('select private.expire_llm_calls()')
    const stored = () => admin.query('select status from public.llm_call_holds where tenant_id = $1', [id])
    expect((await stored()).rows).toEqual([{ status: 'expired' }])
    const { rows } = await admin.query(
      'select held_micros, next_due_at from public.tenant_spends where tenant_id = $1',
      [id],
    )
    expect(rows).toEqual([{ held_micros: '0', next_due_at: Number.POSITIVE_INFINITY }])
    await admin.query(
      `update public.llm_call_holds set closed_at = now() - interval '34 days 23 hours' where tenant_id = $1`,
      [id],
    )
    await admin.query('select private.sweep_llm_call_holds()')
    expect((await stored()).rows).toHaveLength(1)
    await admin.query(
      `update public.llm_call_holds set closed_at = now() - interval '36 days' where tenant_id = $1`,
      [id],
    )
    await admin.query('select private.sweep_llm_call_holds()')
    expect((await stored()).rows).toEqual([])
    expect(await refusalOf(finish(id, hold.id))).toBe('call_not_found')
  })
})

describe("the plan's limit of usage events", () => {
  it('refuses a start, and never a call that was made', async () => {
    const { id } = await makeTenant({ plan: 'starter' })
    const open = await start(id)
    await admin.query(
      `insert into private.tenant_counts (tenant_id, gate, used, period_at) values ($1, 'usage_events', 10000, private.limit_period($1, 'usage_events'))
       on conflict (tenant_id, gate) do update set used = excluded.used`,
      [id],
    )
    expect(await refusalOf(start(id))).toBe('limit_reached')
    await finish(id, open.id)
    await recordTool(id)
    const { rows } = await admin.query(
      `select used from private.tenant_counts where tenant_id = $1 and gate = 'usage_events'`,
      [id],
    )
    expect(rows).toEqual([{ used: '10002' }])
    expect(await brokenPromises(admin, id)).toEqual([])
  })
})
