import type { ListRules } from '../../kit/rules/lists.ts'

export default {
  'GET /webhooks/event-types': { noun: 'event_types', by: (row) => row.type!, order: 'by name' },
} satisfies ListRules
