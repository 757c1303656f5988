import { z } from 'zod'
import { keyset, moment, nextCursor, offsetMoment, pageParameters } from '../../db/index.ts'
import { EndpointRef } from '../endpoints/schema.ts'
import { MessageId } from '../messages/schema.ts'

const status = z.enum(['pending', 'delivered', 'dead'])

/** One message on its way to one endpoint. */
export const Delivery = z
  .strictObject({
    message_id: z.string(),
    endpoint_id: z.string(),
    event_type: z.string(),
    status: status.meta({ description: 'dead: the last attempt failed. It can be replayed.' }),
    attempt_count: z.int(),
    next_attempt_at: moment.nullable().meta({
      description:
        'When it is tried next, or when the lease of the current attempt ends. Null while it waits for an earlier message of its ordering key.',
    }),
    is_in_flight: z.boolean(),
    ordering_key: z.string().nullable(),
    ended_at: moment.nullable(),
    created_at: moment.meta({ description: 'When the message was made.' }),
  })
  .meta({ id: 'WebhookDelivery' })

export const Deliveries = z
  .strictObject({ deliveries: z.array(Delivery), next_cursor: nextCursor })
  .meta({ id: 'WebhookDeliveries' })

/** Those of the newest messages first, and of the newest endpoints among those of one message. */
export const deliveryOrder = keyset('deliveries', { event_id: z.guid(), endpoint_id: z.guid() })

export const DeliveryQuery = z.strictObject({
  endpoint: EndpointRef.optional(),
  message: MessageId.optional(),
  status: status.optional(),
  event_type: z.string().min(1).max(200).optional(),
  since: offsetMoment.optional().meta({ description: 'By when the message was made, as until.' }),
  until: offsetMoment.optional(),
  ...pageParameters(deliveryOrder),
})

export type Delivery = z.infer<typeof Delivery>
export type Deliveries = z.infer<typeof Deliveries>
export type DeliveryQuery = z.output<typeof DeliveryQuery>
