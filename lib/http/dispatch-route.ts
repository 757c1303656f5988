import { z } from 'zod'
import { inBackground } from '../runtime/index.ts'
import { query } from './input/validate.ts'
import { describeRoute } from './route-notes.ts'
import { router } from './router.ts'

const Wait = z.strictObject({
  wait: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: 'true: answer when the run is over, and not at once.' }),
})

const Run = z
  .strictObject({
    status: z.enum(['started', 'busy', 'done']),
    expanded: z.int().optional(),
    succeeded: z.int().optional(),
    failed: z.int().optional(),
    stale: z.int().optional(),
    unreported: z.int().optional(),
    duration_ms: z.int().optional(),
  })
  .meta({ id: 'DispatchRun' })

/** What a run did: DispatchReport of lib/queue. */
interface Report {
  isBusy: boolean
  expanded: number
  succeeded: number
  failed: number
  stale: number
  unreported: number
  durationMs: number
  lanes: { size: number }
}

/**
 * The route on which a queue is served. pg_net calls it when something becomes due, and cron does. A run finds out by itself what is
 * due.
 */
export function dispatchRoute(what: string, dispatch: () => Promise<Report>) {
  return router({ auth: 'service' }).post(
    '/',
    describeRoute(what, {
      200: { description: 'With ?wait=true: what the run did.', schema: Run },
      202: { description: 'A run was started.', schema: Run },
    }),
    query(Wait),
    async (c) => {
      if (c.req.valid('query').wait !== 'true') {
        // Answer at once: pg_net waits for answers before it sends many more requests.
        inBackground(what, dispatch)
        return c.json({ status: 'started' as const }, 202)
      }
      const { isBusy, durationMs, expanded, succeeded, failed, stale, unreported } = await dispatch()
      const status = isBusy ? ('busy' as const) : ('done' as const)
      return c.json({ status, expanded, succeeded, failed, stale, unreported, duration_ms: durationMs })
    },
  )
}
