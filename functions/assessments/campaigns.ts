import { Hono } from 'hono'
import {
  Campaign,
  CampaignChange,
  CampaignQuery,
  Campaigns,
  changeCampaign,
  createCampaign,
  deleteCampaign,
  listCampaigns,
  NewCampaign,
  OwnCampaignPath,
  readCampaign,
} from '../../lib/assessments/index.ts'
import { body, describeRoute, params, query, router } from '../../lib/http/index.ts'

const read = router({ auth: 'member', permission: 'read' })
  .get(
    '/',
    describeRoute('List the campaigns, the newest first', {
      200: { description: 'A page of them.', schema: Campaigns },
    }),
    query(CampaignQuery),
    async (c) => c.json(await listCampaigns(c.var.db, c.var.tenant, c.req.valid('query'))),
  )
  .get(
    '/:campaign',
    describeRoute('Read a campaign', { 200: { description: 'The campaign.', schema: Campaign } }, [
      'campaign_not_found',
    ]),
    params(OwnCampaignPath),
    async (c) => c.json(await readCampaign(c.var.db, c.var.tenant, c.req.valid('param').campaign)),
  )

const refusals = [
  'feature_not_in_plan',
  'unknown_assessment',
  'assessment_not_enabled',
  'invalid_value',
] as const

const write = router({ auth: 'member', permission: 'write' })
  .post(
    '/',
    describeRoute('Create a campaign', { 201: { description: 'The campaign.', schema: Campaign } }, [
      ...refusals,
      'limit_reached',
    ]),
    body(NewCampaign),
    async (c) => c.json(await createCampaign(c.var.db, c.var.tenant, c.req.valid('json')), 201),
  )
  .patch(
    '/:campaign',
    describeRoute(
      'Change a campaign, open it or close it',
      { 200: { description: 'The changed campaign.', schema: Campaign } },
      ['campaign_not_found', ...refusals],
    ),
    params(OwnCampaignPath),
    body(CampaignChange),
    async (c) => {
      const { campaign } = c.req.valid('param')
      return c.json(await changeCampaign(c.var.db, c.var.tenant, campaign, c.req.valid('json')))
    },
  )

const manage = router({ auth: 'member', permission: 'manage' }).delete(
  '/:campaign',
  describeRoute(
    'Delete a campaign',
    { 204: { description: 'Deleted. Its participants stay, without a campaign.' } },
    ['campaign_not_found'],
  ),
  params(OwnCampaignPath),
  async (c) => {
    await deleteCampaign(c.var.db, c.var.tenant, c.req.valid('param').campaign)
    return c.body(null, 204)
  },
)

export const campaigns = new Hono().route('/', read).route('/', write).route('/', manage)
