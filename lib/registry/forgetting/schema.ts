import { z } from 'zod'
import { refId } from '../../db/index.ts'

const rowsByTable = z.record(z.string(), z.int())

/** Whom to forget. */
export const ForgetRequest = z
  .strictObject({
    email: z.string().trim().min(3).max(254).optional().meta({
      description: 'The address of the person. Letters may be in upper or lower case.',
    }),
    participant: refId.optional().meta({
      description: 'A participant, who need not have an address. If there is one, it is forgotten too.',
    }),
  })
  .superRefine(({ email, participant }, context) => {
    if ((email === undefined) !== (participant === undefined)) return
    const message =
      email === undefined ? 'is missing' : 'is one of two: name either an address or a participant'
    context.addIssue({ code: 'custom', path: ['email'], message })
  })
  .meta({ id: 'ForgetRequest', description: 'Either an address or a participant.' })

/** How many rows held something about a person, and what happened to them. */
export const ForgottenPerson = z
  .strictObject({
    erased: rowsByTable.meta({
      description: 'By table: rows that stay, without their personal data. They still count.',
    }),
    deleted: rowsByTable.meta({ description: 'By table: rows that are gone.' }),
    kept: z
      .array(z.strictObject({ table: z.string(), rows: z.int(), reason: z.string() }))
      .meta({ description: 'Tables that hold personal data and were not changed, and why.' }),
  })
  .meta({ id: 'ForgottenPerson' })

export type ForgetRequest = z.output<typeof ForgetRequest>
export type ForgottenPerson = z.infer<typeof ForgottenPerson>
