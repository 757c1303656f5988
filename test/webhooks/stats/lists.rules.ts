import type { ListRules } from '../../kit/rules/lists.ts'

export default {
  // Filled with the list of endpoints.
  'GET /webhooks/stats': { noun: 'endpoints', by: (row) => row.endpoint_id!, order: 'the newest first' },
  'GET /webhooks/stats/series': { isNoList: 'the hours or days of one window: 721 at most' },
} satisfies ListRules
