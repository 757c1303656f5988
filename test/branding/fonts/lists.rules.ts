import type { ListRules } from '../../kit/rules/lists.ts'

export default {
  'GET /branding/fonts': { isNoList: 'the fonts that Tenantry serves are about forty, and the same for all' },
} satisfies ListRules
