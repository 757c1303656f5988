import { describeRoute, router } from '../../lib/http/index.ts'
import { SweptFiles, sweepFiles } from '../../lib/storage/index.ts'

/** For cron. */
export const files = router({ auth: 'service' }).post(
  '/sweep',
  describeRoute(
    'Remove stored files that no row knows, a day after they were written',
    { 200: { description: 'How many were removed.', schema: SweptFiles } },
    ['unavailable'],
  ),
  async (c) => c.json(await sweepFiles(c.var.db)),
)
