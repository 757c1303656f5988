import type { ListRules } from '../../kit/rules/lists.ts'

export default {
  'GET /registry/tenants/:ref/overview': {
    isNoList: 'a finding for each code of the register, with five targets at most',
  },
} satisfies ListRules
