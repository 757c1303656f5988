import { member, type RouteRules, reader } from '../../kit/rules/routes.ts'
import { planFollowup } from './planned.ts'

const change = {
  may: [member],
  where: { followup: planFollowup },
  unaudited: 'the row itself says what became of it, when and by whom',
}

export default {
  'GET /assessments/followups': { may: [reader] },
  'POST /assessments/followups/:followup/cancel': change,
  'POST /assessments/followups/:followup/send-now': change,
} satisfies RouteRules
