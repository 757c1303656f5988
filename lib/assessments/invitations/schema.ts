import { z } from 'zod'
import { emailAddress, refId } from '../../db/index.ts'
import { locale } from '../taking/schema.ts'

const Person = z.strictObject({
  email: emailAddress,
  full_name: z
    .string()
    .trim()
    .min(1)
    .max(255)
    .regex(/^\P{Cc}*$/u, 'must be text without control characters')
    .optional(),
  locale: locale.optional().meta({
    description: 'In which they are written to. The language of the questions unless said otherwise.',
  }),
})

export const NewInvitations = z
  .strictObject({ people: z.array(Person).min(1).max(50) })
  .meta({ id: 'NewParticipantInvitations', description: 'Who is invited. All of them, or nobody.' })

export const InvitationAnswer = z
  .strictObject({
    invited: z
      .array(
        z.strictObject({
          email: z.string(),
          participant: refId,
          is_new: z.boolean().meta({
            description: 'Whether there was none of an earlier invitation that is not completed.',
          }),
        }),
      )
      .meta({ description: 'In the order of the request.' }),
  })
  .meta({ id: 'ParticipantInvitations', description: 'Who was mailed a link. The mails leave at once.' })

export type InvitationAnswer = z.infer<typeof InvitationAnswer>
export type NewInvitations = z.output<typeof NewInvitations>
