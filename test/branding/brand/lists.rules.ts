import type { ListRules } from '../../kit/rules/lists.ts'

export default {
  'GET /branding/brand': { isNoList: 'one brand; its warnings are three at most' },
} satisfies ListRules
