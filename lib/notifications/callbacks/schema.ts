import { z } from 'zod'
import { refId } from '../../db/index.ts'

export const CallbackPath = z.object({
  provider: refId.meta({ description: 'The ref_id of the settings of a provider.' }),
})

export const TakenCallbacks = z
  .strictObject({
    applied: z.int().meta({ description: 'Events that were new.' }),
    duplicate: z.int().meta({ description: 'Events that were taken before.' }),
    ignored: z.int().meta({ description: 'Events about messages that these settings did not send.' }),
  })
  .meta({ id: 'TakenCallbacks' })
export type TakenCallbacks = z.infer<typeof TakenCallbacks>
