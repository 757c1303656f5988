import { expect, it } from 'vitest'
import { call } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson } from '../../kit/people.ts'

it('names what can be ordered, at its price, and nothing that has none', async () => {
  const { token } = await makePerson()
  const answer = await call('/usage/payments/offers', { token })
  expect(answer.status).toBe(200)
  const offers = (await answer.json()) as {
    plans: { plan: string; price_minor: number }[]
    bundles: { bundle: string }[]
    providers: string[]
  }
  const { rows: plans } = await admin.query(
    'select plan, price_minor from public.plans where price_minor > 0 and trial_days is null order by price_minor',
  )
  expect(offers.plans.map(({ plan, price_minor }) => ({ plan, price_minor }))).toEqual(plans)
  const { rows: bundles } = await admin.query(
    'select bundle from public.topup_bundles where is_offered order by price_minor',
  )
  expect(offers.bundles.map(({ bundle }) => ({ bundle }))).toEqual(bundles)
  expect(offers.providers).toEqual(['razorpay', 'stripe'])
})
