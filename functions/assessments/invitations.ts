import {
  InvitationAnswer,
  inviteParticipants,
  NewInvitations,
  OwnCampaignPath,
} from '../../lib/assessments/index.ts'
import { body, describeRoute, params, router } from '../../lib/http/index.ts'

/** Who is asked to take an assessment. */
export const invitations = router({ auth: 'member', permission: 'write' }).post(
  '/:campaign/invitations',
  describeRoute(
    'Invite people to a campaign by mail',
    { 201: { description: 'Who was invited. Each is mailed a link.', schema: InvitationAnswer } },
    [
      'feature_not_in_plan',
      'limit_reached',
      'campaign_not_found',
      'campaign_not_open',
      'address_suppressed',
      'invalid_value',
      'invited_too_soon',
    ],
  ),
  params(OwnCampaignPath),
  body(NewInvitations),
  async (c) =>
    c.json(
      await inviteParticipants(c.var.db, c.var.tenant, c.req.valid('param').campaign, c.req.valid('json')),
      201,
    ),
)
