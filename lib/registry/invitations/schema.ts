import { z } from 'zod'
import {
  emailAddress,
  keyset,
  moment,
  nextCursor,
  pageParameters,
  refId,
  refIdPattern,
} from '../../db/index.ts'
import { roles } from '../tenants/schema.ts'

/** An offer of membership, as managers see it. */
export const Invitation = z
  .strictObject({
    ref_id: z.string(),
    email: z.string(),
    role: z.enum(roles),
    status: z.enum(['open', 'expired', 'accepted', 'revoked']),
    expires_at: moment,
    sent_at: moment,
    created_at: moment,
  })
  .meta({ id: 'Invitation', description: 'An offer of membership, as managers see it.' })

export const InvitationWithToken = Invitation.extend({
  token: z.string().meta({
    description: 'For the invited person alone, and shown this once: only its hash is kept.',
  }),
}).meta({ id: 'InvitationWithToken', description: 'An invitation with the token that is to be mailed.' })

/** The newest first. */
export const invitationOrder = keyset('invitations', { ref_id: refId })
export const InvitationQuery = z.strictObject(pageParameters(invitationOrder))
export const Invitations = z
  .strictObject({ invitations: z.array(Invitation), next_cursor: nextCursor })
  .meta({ id: 'Invitations' })

const expiresInHours = z
  .int()
  .min(1)
  .max(720)
  .optional()
  .meta({ description: 'For how long it is open; a week unless said otherwise.' })

export const NewInvitation = z
  .strictObject({
    email: emailAddress,
    role: z.enum(roles).default('member'),
    expires_in_hours: expiresInHours,
  })
  .meta({ id: 'NewInvitation' })

export const InvitationResend = z
  .strictObject({ expires_in_hours: expiresInHours })
  .meta({ id: 'InvitationResend' })

/** Its form is not checked here: a malformed token gets the same answer as a wrong one. */
export const InvitationToken = z
  .strictObject({ token: z.string().max(200) })
  .meta({ id: 'InvitationToken', description: 'Sent in a body: a URL would be logged on its way.' })

/** What the holder of a token may see before signing in. */
export const InvitationPreview = z
  .strictObject({
    tenant_name: z.string(),
    role: z.enum(roles),
    email_hint: z.string().meta({ description: 'The invited address, masked.' }),
    expires_at: moment,
  })
  .meta({ id: 'InvitationPreview' })

/** The path's parts that name an invitation. */
export const InvitationPath = z.object({ invitation: z.string().regex(refIdPattern) })

export type Invitation = z.infer<typeof Invitation>
export type Invitations = z.infer<typeof Invitations>
export type InvitationQuery = z.output<typeof InvitationQuery>
export type InvitationWithToken = z.infer<typeof InvitationWithToken>
export type NewInvitation = z.infer<typeof NewInvitation>
export type InvitationResend = z.infer<typeof InvitationResend>
export type InvitationPreview = z.infer<typeof InvitationPreview>
