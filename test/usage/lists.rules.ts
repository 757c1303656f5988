import type { ListRules } from '../kit/rules/lists.ts'

export default {
  'GET /usage/totals': {
    noun: 'totals',
    by: (row) => `${row.starts_at} ${row.event_type}`,
    order: 'the newest first',
    async fill({ make }) {
      for (const days of [1, 2, 3])
        await make('/usage/events', {
          event_type: 'list.filled',
          occurred_at: new Date(Date.now() - days * 86_400_000).toISOString(),
        })
    },
  },
} satisfies ListRules
