import type { ListRules } from '../../kit/rules/lists.ts'

export default {
  'GET /onboarding/plans': { isNoList: 'the plans that a stranger can choose are two' },
} satisfies ListRules
