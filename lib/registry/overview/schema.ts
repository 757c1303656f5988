import { z } from 'zod'
import { moment } from '../../db/index.ts'

const Finding = z.strictObject({
  code: z.string().meta({ description: 'Stable: let your program decide by it.' }),
  severity: z.enum(['error', 'warning', 'info']),
  description: z.string().meta({ description: 'A sentence for a person.' }),
  target_type: z.string().meta({ description: 'What it is about, such as domain.' }),
  path: z.string().meta({ description: 'The route where that is read, as in openapi.json.' }),
  targets: z
    .array(
      z.strictObject({
        ref_id: z.string().nullable(),
        name: z.string().nullable(),
        at: moment
          .nullable()
          .meta({ description: 'Since when, or when something ends. The code says which.' }),
      }),
    )
    .meta({ description: 'The first five.' }),
  has_more: z.boolean(),
})

/** What needs doing in a tenant. */
export const Overview = z
  .strictObject({ findings: z.array(Finding) })
  .meta({ id: 'Overview', description: 'What needs doing in a tenant, the gravest first.' })

export type Overview = z.infer<typeof Overview>
