import { Hono } from 'hono'
import { body, describeRoute, params, query, router } from '../../lib/http/index.ts'
import {
  acceptInvitation,
  InvitationPath,
  InvitationPreview,
  InvitationQuery,
  InvitationResend,
  Invitations,
  InvitationToken,
  InvitationWithToken,
  inviteMember,
  listInvitations,
  lookUpInvitation,
  NewInvitation,
  resendInvitation,
  revokeInvitation,
  Tenant,
} from '../../lib/registry/index.ts'

const readAdmin = router({ auth: 'member', permission: 'read_admin', tenant: 'path' }).get(
  '/',
  describeRoute("List a tenant's invitations, the newest first", {
    200: { description: 'A page of them, each with its state.', schema: Invitations },
  }),
  query(InvitationQuery),
  async (c) => c.json(await listInvitations(c.var.db, c.var.tenant.id, c.req.valid('query'))),
)

const manage = router({ auth: 'member', permission: 'manage', tenant: 'path' })
  .post(
    '/',
    describeRoute(
      'Invite an e-mail address',
      {
        201: { description: 'The invitation, which is mailed, with its token.', schema: InvitationWithToken },
      },
      ['already_member', 'already_invited', 'too_many_invitations'],
    ),
    body(NewInvitation),
    async (c) => c.json(await inviteMember(c.var.db, c.var.tenant.id, c.req.valid('json')), 201),
  )
  .post(
    '/:invitation/resend',
    describeRoute(
      'Give an invitation a new token, in place of the old one',
      {
        200: { description: 'The invitation, which is mailed, with its token.', schema: InvitationWithToken },
      },
      ['resent_too_soon', 'too_many_invitations'],
    ),
    params(InvitationPath),
    body(InvitationResend),
    async (c) =>
      c.json(
        await resendInvitation(
          c.var.db,
          c.var.tenant.id,
          c.req.valid('param').invitation,
          c.req.valid('json'),
        ),
      ),
  )
  .delete(
    '/:invitation',
    describeRoute('Revoke an invitation', { 204: { description: 'Revoked. Its token no longer works.' } }),
    params(InvitationPath),
    async (c) => {
      await revokeInvitation(c.var.db, c.var.tenant.id, c.req.valid('param').invitation)
      return c.body(null, 204)
    },
  )

const anybody = router({ auth: 'public' }).post(
  '/look-up',
  describeRoute(
    'Show what an invitation offers to the holder of its token',
    { 200: { description: 'The address is masked.', schema: InvitationPreview } },
    ['invitation_not_found'],
  ),
  body(InvitationToken),
  async (c) => c.json(await lookUpInvitation(c.req.valid('json').token)),
)

const user = router({ auth: 'user' }).post(
  '/accept',
  describeRoute(
    'Accept an invitation to the address of the signed-in account',
    { 200: { description: 'The tenant one now belongs to.', schema: Tenant } },
    [
      'invitation_not_found',
      'invitation_not_yours',
      'email_not_confirmed',
      'membership_deactivated',
      'already_member',
      'limit_reached',
      'tenant_frozen',
      'trial_ended',
    ],
  ),
  body(InvitationToken),
  async (c) => c.json(await acceptInvitation(c.var.db, c.req.valid('json').token)),
)

/** The routes of a tenant's managers. */
export const invitations = new Hono().route('/', readAdmin).route('/', manage)
/** The routes of invited people. */
export const invited = new Hono().route('/', anybody).route('/', user)
