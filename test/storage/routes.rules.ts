import { type RouteRules, service } from '../kit/rules/routes.ts'

export default { 'POST /registry/files/sweep': { may: [service] } } satisfies RouteRules
