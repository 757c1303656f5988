import { z } from 'zod'

const rowsByTable = z.record(z.string(), z.int())

/** Whom to forget. */
export const ForgetRequest = z
  .strictObject({
    email: z.string().trim().min(3).max(254).meta({
      description: 'The address of the person. Letters may be in upper or lower case.',
    }),
  })
  .meta({ id: 'ForgetRequest' })

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

export type ForgottenPerson = z.infer<typeof ForgottenPerson>
