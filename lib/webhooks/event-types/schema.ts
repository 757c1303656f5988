import { z } from 'zod'
import { keyset, moment, nextCursor, pageParameters } from '../../db/index.ts'

const json = z.record(z.string(), z.unknown())

export const EventType = z
  .strictObject({
    type: z.string(),
    version: z.int().meta({ description: 'The newest, which messages are made in.' }),
    description: z.string(),
    is_operational: z
      .boolean()
      .meta({ description: 'About the webhooks themselves: an endpoint gets it only if it names it.' }),
  })
  .meta({ id: 'WebhookEventType' })

/** By name. */
export const eventTypeOrder = keyset('event_types', { type: z.string().regex(/^[\x21-\x7e]{1,200}$/) })
export const EventTypeQuery = z.strictObject(pageParameters(eventTypeOrder))
export const EventTypes = z
  .strictObject({ event_types: z.array(EventType), next_cursor: nextCursor })
  .meta({ id: 'WebhookEventTypes' })

export const EventTypeVersions = z
  .strictObject({
    ...EventType.shape,
    versions: z.array(
      z.strictObject({
        version: z.int(),
        description: z.string(),
        schema: json.meta({ description: "JSON Schema (2020-12) of a message's data." }),
        example: json,
        created_at: moment,
      }),
    ),
  })
  .meta({ id: 'WebhookEventTypeVersions', description: 'The newest version first.' })

export const EventTypePath = z.object({ type: z.string().min(1).max(200) })

export type EventType = z.infer<typeof EventType>
export type EventTypes = z.infer<typeof EventTypes>
export type EventTypeQuery = z.output<typeof EventTypeQuery>
export type EventTypeVersions = z.infer<typeof EventTypeVersions>
