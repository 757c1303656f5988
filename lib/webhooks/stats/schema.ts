import { z } from 'zod'
import { moment } from '../../db/index.ts'

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

export const StatsQuery = z.strictObject({
  window_hours: z.coerce.number().int().min(1).max(720).optional(),
})

export type EndpointStats = z.infer<typeof EndpointStats>
