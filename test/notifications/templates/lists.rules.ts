import type { ListRules } from '../../kit/rules/lists.ts'

export default {
  'GET /notifications/templates': {
    noun: 'email_templates',
    by: (row) => `${row.slug} ${row.locale}`,
    order: 'by name',
  },
  'GET /notifications/templates/:template/:locale/diff': { isNoList: 'the few fields of one template' },
} satisfies ListRules
