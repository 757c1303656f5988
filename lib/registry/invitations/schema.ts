import { z } from 'zod'
import { roles } from '../tenants/schema.ts'

const moment = z.union([z.iso.datetime(), z.date()])

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

export const SentInvitation = Invitation.extend({
  token: z.string().meta({
    description: 'For the invited person alone, and shown this once: only its hash is kept.',
  }),
}).meta({ id: 'SentInvitation', description: 'An invitation with the token that is to be mailed.' })

export const Invitations = z
  .strictObject({ invitations: z.array(Invitation), next: z.string().nullable() })
  .meta({ id: 'Invitations', description: '`next` is what `after` must be for the rest; null at the end.' })

const expiresInHours = z
  .int()
  .min(1)
  .max(720)
  .optional()
  .meta({ description: 'For how long it is open; a week unless said otherwise.' })

export const NewInvitation = z
  .strictObject({
    // Plain ASCII only: each address has one spelling, and letters of other alphabets can look the same.
    email: z.string().trim().toLowerCase().max(254).regex(z.regexes.email, 'must be an e-mail address'),
    role: z.enum(roles).default('member'),
    expires_in_hours: expiresInHours,
  })
  .meta({ id: 'NewInvitation' })

export const Resending = z.strictObject({ expires_in_hours: expiresInHours }).meta({ id: 'Resending' })

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

/** The path parameter that names an invitation. */
export const InvitationPath = z.object({ invitation: z.string().regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/) })

export type Invitation = z.infer<typeof Invitation>
export type SentInvitation = z.infer<typeof SentInvitation>
export type NewInvitation = z.infer<typeof NewInvitation>
export type Resending = z.infer<typeof Resending>
export type InvitationPreview = z.infer<typeof InvitationPreview>
