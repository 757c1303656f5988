import { manager, type RouteRules } from '../../kit/rules/routes.ts'

export default {
  'POST /assessments/frameworks/:framework/config/suggest': {
    unaudited: 'nothing is stored, and calls are records themselves',
    may: [manager],
    path: '/assessments/frameworks/industry4/config/suggest',
    body: () => ({ column: 'landing_overrides', instructions: 'A warmer headline.' }),
  },
} satisfies RouteRules
