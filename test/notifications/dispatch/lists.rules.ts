import { randomUUID } from 'node:crypto'
import { admin } from '../../kit/db.ts'
import { type ListRules, newestFirst } from '../../kit/rules/lists.ts'

export default {
  'GET /notifications/dispatches': {
    noun: 'dispatches',
    ...newestFirst,
    // Last: what other lists are filled with may be mailed meanwhile, to nobody who has an address.
    async fillLast({ tenant }) {
      for (const status of ['failed', 'failed', 'sent'])
        await admin.query(
          `insert into public.notification_dispatch_log (tenant_id, notification_job_id, channel, type, status)
           values ($1, $2, 'email', 'limit.near', $3)`,
          [tenant.id, randomUUID(), status],
        )
    },
  },
} satisfies ListRules
