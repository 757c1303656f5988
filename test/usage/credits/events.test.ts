import { expect, it } from 'vitest'
import { admin } from '../../kit/db.ts'
import { makeTenant } from '../../kit/tenants.ts'
import { adjust, balanceOf, consume, refund, release, reserve, topUp } from './ledger.ts'

const eventsOf = async (tenant: string) =>
  (
    await admin.query<{ type: string; data: { credits: Record<string, unknown> } }>(
      `select type, payload::jsonb -> 'data' as data from public.webhook_events
       where tenant_id = $1 and type like 'credits.%' order by id`,
      [tenant],
    )
  ).rows

async function take(tenant: string, credits: number): Promise<string> {
  const { reservation_id } = await reserve(tenant, credits)
  await consume(tenant, reservation_id!, credits)
  return reservation_id!
}

it('credits that come to an end are an event at a fifth, and one at nothing, once each time', async () => {
  const { id } = await makeTenant({ plan: 'starter' })
  await balanceOf(id)
  await take(id, 399)
  expect(await eventsOf(id)).toEqual([])
  await take(id, 1)
  await take(id, 50)
  await take(id, 50)
  expect(
    (await eventsOf(id)).map(({ type, data }) => [type, data.credits.available, data.credits.monthly]),
  ).toEqual([
    ['credits.low', 100, 500],
    ['credits.exhausted', 0, 500],
  ])
})

it('they are one again after credits were added', async () => {
  const { id } = await makeTenant({ plan: 'starter' })
  await balanceOf(id)
  await take(id, 500)
  await topUp(id, 200, `order of ${id}`)
  await take(id, 150)
  await take(id, 50)
  expect((await eventsOf(id)).map(({ type }) => type)).toEqual([
    'credits.exhausted',
    'credits.topped_up',
    'credits.low',
    'credits.exhausted',
  ])
})

it('a top-up is one event, however often its order is settled', async () => {
  const { id } = await makeTenant({ plan: 'starter' })
  for (let n = 0; n < 3; n++) await topUp(id, 200, `order of ${id}`)
  const events = await eventsOf(id)
  expect(
    events.map(({ type, data }) => [
      type,
      data.credits.added,
      data.credits.available,
      data.credits.order_ref,
    ]),
  ).toEqual([['credits.topped_up', 200, 700, `order of ${id}`]])
})

it('reservations, releases, refunds, additions and refusals are none', async () => {
  const { id } = await makeTenant({ plan: 'starter' })
  await balanceOf(id)
  const { reservation_id } = await reserve(id, 500)
  await expect(reserve(id, 1)).rejects.toMatchObject({ code: 'PT402' })
  await release(id, reservation_id!)
  await refund(id, await take(id, 10), 5)
  await adjust(id, 5)
  expect(await eventsOf(id)).toEqual([])
})
