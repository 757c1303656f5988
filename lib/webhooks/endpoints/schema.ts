import { z } from 'zod'
import { keyset, moment, nextCursor, pageParameters, refId, refIdPattern } from '../../db/index.ts'

/** How an endpoint is named. */
export const EndpointRef = z.string().regex(refIdPattern, 'must be the ref_id of an endpoint')
export const EndpointPath = z.object({ endpoint: EndpointRef })

/** Where a tenant receives messages. Its secrets and the values of its headers are not shown. */
export const Endpoint = z
  .strictObject({
    ref_id: z.string(),
    kind: z.enum(['push', 'poll']),
    url: z.string().nullable().meta({ description: 'null for a polling endpoint.' }),
    description: z.string(),
    event_types: z
      .array(z.string())
      .nullable()
      .meta({ description: 'null: every type that is not operational.' }),
    scheme: z.enum(['hmac', 'ed25519']),
    header_names: z.array(z.string()).meta({ description: 'What is sent along; values are never shown.' }),
    static_header: z.string().nullable().meta({
      description: 'The header that holds a shared secret, for receivers that verify nothing else.',
    }),
    rate_limit_per_second: z.int().nullable(),
    disabled: z.boolean(),
    disabled_at: moment.nullable(),
    disabled_reason: z.enum(['by_hand', 'asked', 'gone', 'failing', 'over_plan', 'expired']).nullable(),
    previous_secret_expires_at: moment
      .nullable()
      .meta({ description: 'Until then the secret before the last rotation signs along.' }),
    expires_at: moment
      .nullable()
      .meta({ description: 'When it is deleted with its messages; null: never by itself.' }),
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: 'WebhookEndpoint' })

/** The newest first. */
export const endpointOrder = keyset('endpoints', { ref_id: refId })
export const EndpointQuery = z.strictObject(pageParameters(endpointOrder))
export const Endpoints = z
  .strictObject({ endpoints: z.array(Endpoint), next_cursor: nextCursor })
  .meta({ id: 'WebhookEndpoints' })

// SQL checks which names and values can be sent, and which event types exist.
const StaticHeader = z
  .strictObject({ name: z.string().min(1).max(100), value: z.string().min(1).max(1_024) })
  .meta({
    id: 'WebhookStaticHeader',
    description: 'A shared secret that is sent as it is, such as X-Deal-Secret.',
  })
const url = z.string().min(1).max(2_048).meta({ description: 'The https URL of a public server.' })
const description = z.string().max(500)
const eventTypes = z.array(z.string().max(200)).min(1).max(200).nullable()
const rateLimit = z.int().min(1).max(10_000).nullable()

export const NewEndpoint = z
  .strictObject({
    kind: z
      .enum(['push', 'poll'])
      .optional()
      .meta({ description: 'push: messages are posted to the URL. poll: a receiver asks for them.' }),
    url: url.optional(),
    description: description.optional(),
    event_types: eventTypes.optional(),
    scheme: z.enum(['hmac', 'ed25519']).optional(),
    secret: z
      .string()
      .max(200)
      .optional()
      .meta({ description: 'A secret to keep from elsewhere: whsec_ or whsk_. One is made when left out.' }),
    headers: z.record(z.string(), z.string()).optional(),
    static_header: StaticHeader.nullable().optional(),
    rate_limit_per_second: rateLimit.optional(),
    ttl_seconds: z
      .int()
      .min(60)
      .max(2_592_000)
      .optional()
      .meta({ description: 'After so long it is deleted. Never by itself when left out.' }),
  })
  .superRefine(({ kind, url }, context) => {
    const isPush = kind !== 'poll'
    if (isPush === (url !== undefined)) return
    const message = isPush ? 'is missing' : 'is only for push endpoints, and this one is polled'
    context.addIssue({ code: 'custom', path: ['url'], message })
  })
  .meta({ id: 'NewWebhookEndpoint' })

export const EndpointChange = z
  .strictObject({
    url,
    description,
    event_types: eventTypes,
    headers: z.record(z.string(), z.string().nullable()).nullable().meta({
      description: 'Those named are set, or taken away by null; null instead of all takes all away.',
    }),
    static_header: StaticHeader.nullable(),
    rate_limit_per_second: rateLimit,
    disabled: z.boolean(),
  })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'must change something')
  .meta({ id: 'WebhookEndpointChange' })

export type Endpoint = z.infer<typeof Endpoint>
export type Endpoints = z.infer<typeof Endpoints>
export type EndpointQuery = z.output<typeof EndpointQuery>
export type NewEndpoint = z.infer<typeof NewEndpoint>
export type EndpointChange = z.infer<typeof EndpointChange>
