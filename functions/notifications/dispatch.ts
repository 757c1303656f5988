import { z } from 'zod'
import { describeRoute, query, router } from '../../lib/http/index.ts'
import { dispatchNotifications } from '../../lib/notifications/index.ts'
import { inBackground, log } from '../../lib/runtime/index.ts'

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
  .meta({ id: 'NotificationDispatchRun' })

/** pg_net calls this when somebody is to be told something, and cron does. It finds out by itself what is due. */
export const dispatch = router({ auth: 'service' }).post(
  '/',
  describeRoute('Send the messages that are due', {
    200: { description: 'With ?wait=true: what the run did.', schema: Run },
    202: { description: 'A run was started.', schema: Run },
  }),
  query(Wait),
  async (c) => {
    const run = async () => {
      const { lanes, durationMs, isBusy, ...counts } = await dispatchNotifications()
      if (lanes.size > 0)
        log('info', { function: 'notifications', event: 'dispatched', ...counts, duration_ms: durationMs })
      return { status: isBusy ? ('busy' as const) : ('done' as const), ...counts, duration_ms: durationMs }
    }
    if (c.req.valid('query').wait !== 'true') {
      // Answer at once: pg_net waits for answers before it sends many more requests.
      inBackground('send notifications', run)
      return c.json({ status: 'started' as const }, 202)
    }
    return c.json(await run())
  },
)
