import { z } from 'zod'
import { moment, refId } from '../../db/index.ts'

/** Text of a person, null if they say nothing. A browser on Windows may end lines in its own way. */
const text = (most: number) =>
  z
    .string()
    .overwrite((given) => given.replace(/\r\n?/g, '\n').trim())
    .max(most)
    .nullable()

const fields = {
  headline: text(200).meta({ description: 'Who it is, in a line.' }),
  background: text(5_000).meta({ description: 'Where they come from: work, life, what led them here.' }),
  goals: text(5_000).meta({ description: 'What they want to reach.' }),
  notes: text(20_000).meta({ description: 'Whatever else the coach wants to remember.' }),
}

export const ClientBioChange = z
  .strictObject(fields)
  .partial()
  .refine((bio) => Object.values(bio).some(Boolean), 'must say something; delete the bio to leave none')
  .meta({ id: 'ClientBioChange', description: 'The whole bio. What is left out is empty.' })

export const ClientBio = z
  .strictObject({
    ...fields,
    revision: refId.meta({ description: 'Also the ETag. Another one after each change.' }),
    updated_by: refId.nullable().meta({ description: 'The person who wrote it last.' }),
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: 'ClientBio', description: 'What a coach knows of a participant and notes about them.' })

export type ClientBioChange = z.infer<typeof ClientBioChange>
export type ClientBio = z.infer<typeof ClientBio>
