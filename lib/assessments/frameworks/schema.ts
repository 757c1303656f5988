import { z } from 'zod'
import { keyset, nextCursor, pageParameters } from '../../db/index.ts'

const Framework = z
  .strictObject({
    framework_id: z.string(),
    name: z.string(),
    description: z.string(),
    version: z.int().meta({ description: 'Grows when the product changes the base.' }),
    modes: z.array(z.string()).meta({ description: 'The formats in which it can be taken.' }),
    config_version: z
      .int()
      .meta({ description: 'The version of your own configuration of it. 0 if you have none.' }),
  })
  .meta({ id: 'Framework', description: 'An assessment that the product knows.' })

/** By their names. */
export const frameworkOrder = keyset('frameworks', {
  framework_id: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/),
})
export const FrameworkQuery = z.strictObject(pageParameters(frameworkOrder))
export const Frameworks = z
  .strictObject({ frameworks: z.array(Framework), next_cursor: nextCursor })
  .meta({ id: 'Frameworks' })

/** The path parameter that names a framework. */
export const FrameworkPath = z.object({ framework: z.string().max(100) })

export type Framework = z.infer<typeof Framework>
export type Frameworks = z.infer<typeof Frameworks>
export type FrameworkQuery = z.output<typeof FrameworkQuery>
