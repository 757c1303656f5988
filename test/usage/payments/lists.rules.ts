import { type ListRules, newestFirst } from '../../kit/rules/lists.ts'
import { makeOrder, settleFact } from './world.ts'

export default {
  'GET /usage/payments/offers': { isNoList: 'the price list: a few plans and bundles' },
  'GET /usage/payments/orders': {
    noun: 'orders',
    ...newestFirst,
    async fill({ make }) {
      for (const plan of ['starter', 'professional', 'business'])
        await make('/usage/payments/orders', { plan, provider: 'razorpay' })
    },
  },
  'GET /usage/billing-events': {
    noun: 'billing_events',
    ...newestFirst,
    async fill({ tenant }) {
      const order = await makeOrder(tenant)
      for (const id of ['one', 'two', 'three'])
        await settleFact(order, { what: 'failed', payment_id: `${order.ref_id} ${id}` })
    },
  },
} satisfies ListRules
