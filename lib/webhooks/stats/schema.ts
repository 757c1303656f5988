import { z } from 'zod'
import { keyset, moment, nextCursor, pageParameters } from '../../db/index.ts'
import { EndpointRef } from '../endpoints/schema.ts'

/** An endpoint's statistics. */
export const EndpointStats = z
  .strictObject({
    since: moment.meta({
      description: 'Where the window begins; later than asked for when it holds over 100,000 attempts.',
    }),
    attempts: z.strictObject({ succeeded: z.int(), failed: z.int() }),
    duration_ms: z.strictObject({ p50: z.int().nullable(), p95: z.int().nullable() }),
    pending: z.int(),
    dead: z.int(),
    oldest_pending_at: moment.nullable(),
    last_success_at: moment.nullable(),
    last_failure_at: moment.nullable(),
    circuit: z
      .strictObject({
        failing_since: moment.nullable(),
        consecutive_failures: z.int(),
        blocked_until: moment.nullable(),
      })
      .meta({ description: 'From five failures in a row on, one attempt at a time probes the receiver.' }),
  })
  .meta({ id: 'WebhookEndpointStats' })

const hours = z.coerce.number().int().min(1).max(720).optional()
export const StatsQuery = z.strictObject({ window_hours: hours })

/** The newest endpoint first. */
export const statsOrder = keyset('webhook_stats', { id: z.guid() })
export const TenantStatsQuery = z.strictObject({ window_hours: hours, ...pageParameters(statsOrder) })
export const WebhookStats = z
  .strictObject({
    endpoints: z.array(
      EndpointStats.omit({ since: true }).extend({
        endpoint_id: z.string(),
        counted_from_at: moment.nullable().meta({
          description: 'Where its attempts begin, if the window holds more than are counted.',
        }),
      }),
    ),
    next_cursor: nextCursor,
  })
  .meta({
    id: 'WebhookStats',
    description: 'How each endpoint does. A page counts 100,000 attempts at most.',
  })

const step = z.enum(['hour', 'day'])
export const SeriesQuery = z.strictObject({
  step: step
    .optional()
    .meta({ description: "An hour if left out. Days are those of the tenant's time zone." }),
  window_hours: hours,
  endpoint: EndpointRef.optional().meta({ description: 'Of this endpoint alone.' }),
})
export const WebhookSeries = z
  .strictObject({
    step,
    since: moment.meta({
      description: 'Where the window begins; later than asked for when it holds over 100,000 attempts.',
    }),
    steps: z.array(
      z.strictObject({
        start_at: moment,
        succeeded: z.int(),
        failed: z.int(),
        duration_p95_ms: z.int().nullable().meta({ description: 'null when nothing was tried.' }),
      }),
    ),
  })
  .meta({ id: 'WebhookSeries', description: 'The attempts over time, the oldest step first.' })

export type EndpointStats = z.infer<typeof EndpointStats>
export type TenantStatsQuery = z.output<typeof TenantStatsQuery>
export type WebhookStats = z.infer<typeof WebhookStats>
export type SeriesQuery = z.output<typeof SeriesQuery>
export type WebhookSeries = z.infer<typeof WebhookSeries>
