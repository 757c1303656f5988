import { manager, member, type RouteRules, reader } from '../../kit/rules/routes.ts'
import type { Tenant } from '../../kit/tenants.ts'
import { makeCampaign } from '../taking/taker.ts'

const campaign = async (tenant: Tenant) => (await makeCampaign(tenant)).ref_id

export default {
  'GET /assessments/campaigns': { may: [reader] },
  'POST /assessments/campaigns': { may: [member], gives: 201, body: () => ({ name: 'Spring' }) },
  'GET /assessments/campaigns/:campaign': { may: [reader], where: { campaign } },
  'PATCH /assessments/campaigns/:campaign': {
    may: [member],
    where: { campaign },
    body: () => ({ name: 'Autumn' }),
  },
  'DELETE /assessments/campaigns/:campaign': { may: [manager], gives: 204, where: { campaign } },
} satisfies RouteRules
