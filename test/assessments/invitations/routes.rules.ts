import { randomUUID } from 'node:crypto'
import { member, type RouteRules } from '../../kit/rules/routes.ts'
import { makeCampaign } from '../taking/taker.ts'

export default {
  'POST /assessments/campaigns/:campaign/invitations': {
    may: [member],
    gives: 201,
    where: { campaign: async (tenant) => (await makeCampaign(tenant)).ref_id },
    body: () => ({ people: [{ email: `${randomUUID()}@example.com` }] }),
  },
} satisfies RouteRules
