import { beforeAll, expect, it } from 'vitest'
import { admin } from '../../kit/db.ts'
import { finish, freshKey, makeCapped, priceModel, recordTool, setCap, start } from './scene.ts'

beforeAll(() => priceModel())

const thresholdsOf = async (tenant: string) =>
  (
    await admin.query<{ percent: number; most: number; limit: string }>(
      `select (d ->> 'percent')::int as percent, (d ->> 'most')::int as most, d ->> 'limit' as limit
       from public.webhook_events, lateral (select payload::jsonb -> 'data' as d) as p
       where tenant_id = $1 and type = 'limit.threshold_reached' order by id`,
      [tenant],
    )
  ).rows
const spend = async (tenant: string, micros: number) => {
  const hold = await start(tenant, { output: micros / 100 })
  await finish(tenant, hold.id, { output: micros / 100 })
}

it('50, 80 and 100 percent of the cap are announced once each a month, when they are spent', async () => {
  const { id } = await makeCapped(1_000)
  await spend(id, 400)
  const hold = await start(id, { output: 6 })
  expect(await thresholdsOf(id)).toEqual([])
  await finish(id, hold.id, { output: 1 })
  await spend(id, 100)
  await spend(id, 200)
  await spend(id, 200)
  const limit = 'monthly_spend_cap_usd_micros'
  expect(await thresholdsOf(id)).toEqual([50, 80, 100].map((percent) => ({ percent, most: 1_000, limit })))
})

it('one call that passes several announces each, and another cap is another number', async () => {
  const { id } = await makeCapped(1_000)
  await spend(id, 900)
  await setCap(id, 1_200)
  await spend(id, 100)
  expect((await thresholdsOf(id)).map(({ percent, most }) => [percent, most])).toEqual([
    [50, 1_000],
    [80, 1_000],
    [50, 1_200],
    [80, 1_200],
  ])
})

it('a tool that costs something announces as well', async () => {
  const { id } = await makeCapped(100)
  const tool = `maps-${freshKey()}`
  await admin.query(`select private.set_model_price('tool', $1, 'route', call_micros => 60)`, [tool])
  await recordTool(id, { tool, method: 'route' })
  expect((await thresholdsOf(id)).map(({ percent }) => percent)).toEqual([50])
})

it('without a cap nothing is announced', async () => {
  const { id } = await makeCapped(null)
  await spend(id, 900)
  expect(await thresholdsOf(id)).toEqual([])
})
