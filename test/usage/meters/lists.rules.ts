import { type ListRules, newestFirst } from '../../kit/rules/lists.ts'

const listed = { slug: 'listed', name: 'Listed', aggregation: 'sum', value_property: 'data.seconds' }

export default {
  'GET /usage/meters': {
    noun: 'meters',
    ...newestFirst,
    async fill({ make }) {
      for (const slug of ['one', 'two', 'three']) await make('/usage/meters', { ...listed, slug })
    },
  },
  'GET /usage/meters/:meter/query': {
    noun: 'readings',
    by: (row) => row.starts_at!,
    order: 'the newest first',
    path: { meter: 'listed' },
    async fill({ make }) {
      await make('/usage/meters', listed)
      for (const days of [1, 2, 3])
        await make('/usage/events', {
          event_type: 'meter.filled',
          event_data: { seconds: days },
          occurred_at: new Date(Date.now() - days * 86_400_000).toISOString(),
        })
    },
  },
} satisfies ListRules
