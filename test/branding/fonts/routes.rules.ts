import { person, type RouteRules } from '../../kit/rules/routes.ts'

export default { 'GET /branding/fonts': { may: [person] } } satisfies RouteRules
