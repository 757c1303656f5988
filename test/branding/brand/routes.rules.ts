import { keyWith, manager, type RouteRules, reader } from '../../kit/rules/routes.ts'

export default {
  'GET /branding/brand': { may: [reader, keyWith('brand:read')] },
  'POST /branding/brand/preview': {
    unaudited: 'changes nothing',
    may: [manager],
    body: () => ({ display_name: 'Tried' }),
  },
  'PATCH /branding/brand': {
    may: [manager],
    headers: { 'if-match': '"1"' },
    body: () => ({ display_name: 'Renamed' }),
  },
} satisfies RouteRules
