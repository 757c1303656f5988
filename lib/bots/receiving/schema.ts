import { z } from 'zod'

export const TakenWebhook = z
  .strictObject({
    messages: z.int().meta({ description: 'Messages that were new.' }),
    statuses: z.int().meta({ description: 'Messages that got further.' }),
    ignored: z.int().meta({ description: 'What was of another number, or could not be read.' }),
  })
  .meta({ id: 'TakenWhatsappWebhook' })
export type TakenWebhook = z.infer<typeof TakenWebhook>
