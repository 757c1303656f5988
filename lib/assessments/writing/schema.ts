import { z } from 'zod'
import { refId } from '../../db/index.ts'
import { columns, overrides } from '../config/parts.ts'
import { version } from '../config/schema.ts'

export const SuggestionRequest = z
  .strictObject({
    column: z.enum(columns as [(typeof columns)[number], ...typeof columns]),
    instructions: z
      .string()
      .trim()
      .min(1)
      .max(4_000)
      .meta({ description: 'What you would like to have, in your own words.' }),
  })
  .meta({ id: 'SuggestionRequest' })

export const Suggestion = z
  .strictObject({
    framework_id: z.string(),
    version: version.meta({ description: 'The version that was read. Send it as If-Match with the patch.' }),
    patch: z.strictObject(overrides).partial().meta({
      description: 'The column as it would be. PATCH …/config and PUT …/config/draft take it as it is.',
    }),
    model: z.string(),
    calls: z
      .array(
        z.strictObject({
          ref_id: refId,
          input_tokens: z.int(),
          output_tokens: z.int(),
          cost_micros: z.int().nullable().meta({
            description: 'In millionths of a US dollar. Null if the model has no price.',
          }),
          credits: z.int(),
        }),
      )
      .meta({ description: 'What it took: two calls if the first answer did not fit.' }),
  })
  .meta({ id: 'Suggestion', description: 'What a model proposes. Nothing of it is stored.' })

export type SuggestionRequest = z.output<typeof SuggestionRequest>
export type Suggestion = z.infer<typeof Suggestion>
