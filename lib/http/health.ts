import { z } from 'zod'
import { Problem, ping } from '../db/index.ts'
import { describeRoute } from './route-notes.ts'
import { router } from './router.ts'

/** How long the database may take to say that it is there. */
const timeoutMs = 1_000

const Health = z.strictObject({ status: z.literal('ok') }).meta({ id: 'Health' })

/** Whether this function can serve: 200 if its database answers, 503 if not. */
export const healthRoutes = router({ auth: 'public' }).get(
  '/',
  describeRoute('Say whether this function and its database are up', {
    200: { description: 'Both are up.', schema: Health },
  }),
  async (c) => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const tooSlow = new Promise<never>((_resolve, reject) => {
      const problem = new Problem('unavailable', 'The database does not answer.', { retryAfterSeconds: 2 })
      timer = setTimeout(() => reject(problem), timeoutMs)
    })
    try {
      await Promise.race([ping(), tooSlow])
    } finally {
      clearTimeout(timer)
    }
    return c.json({ status: 'ok' as const }, 200, { 'cache-control': 'no-store' })
  },
)
