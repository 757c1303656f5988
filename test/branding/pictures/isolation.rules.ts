import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  privateFunctions: {
    is_picture_url: 'pure; the constraints of a brand call it',
    is_own_picture: 'pure; the constraints of a brand call it',
  },
} satisfies IsolationRules
