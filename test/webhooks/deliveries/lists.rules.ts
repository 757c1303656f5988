import { superuser } from '../../kit/db.ts'
import { type ListRules, newestFirst } from '../../kit/rules/lists.ts'
import { makeHistory } from '../history.ts'

export default {
  'GET /webhooks/messages': {
    noun: 'messages',
    by: (row) => row.id!,
    order: 'the newest first',
    async fillLast({ tenant }) {
      // What filling the lists made is told to the endpoints by and by. A list that grows proves nothing.
      await superuser.query('delete from public.webhook_events where tenant_id = $1', [tenant.id])
      const { rows } = await superuser.query<{ ref_id: string }>(
        'select ref_id from public.webhook_endpoints where tenant_id = $1',
        [tenant.id],
      )
      const at = Object.fromEntries(rows.map(({ ref_id }) => [ref_id, 'dead' as const]))
      await makeHistory(
        tenant.id,
        [3, 2, 1].map((minutesAgo) => ({ minutesAgo, at })),
      )
    },
  },
  'GET /webhooks/deliveries': {
    noun: 'deliveries',
    by: (row) => `${row.message_id} ${row.endpoint_id}`,
    order: 'those of the newest messages first',
  },
  'GET /webhooks/attempts': { noun: 'attempts', ...newestFirst },
} satisfies ListRules
