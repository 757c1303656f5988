import { keyWith, manager, type RouteRules, reader } from '../../kit/rules/routes.ts'
import type { Tenant } from '../../kit/tenants.ts'
import { freshSlug } from '../../kit/tenants.ts'
import { makeMeter } from './meters.ts'

const where = {
  meter: (tenant: Tenant) => makeMeter(tenant, { slug: freshSlug('meter'), aggregation: 'count' }),
}
const mayRead = [reader, keyWith('usage:read')]

export default {
  'GET /usage/meters': { may: mayRead },
  'POST /usage/meters': {
    may: [manager],
    gives: 201,
    body: () => ({ slug: freshSlug('meter'), name: 'Calls', aggregation: 'count' }),
  },
  'GET /usage/meters/:meter': { may: mayRead, where },
  'GET /usage/meters/:meter/query': {
    may: mayRead,
    where,
  },
  'PATCH /usage/meters/:meter': {
    may: [manager],
    where,
    body: () => ({ name: 'Renamed' }),
  },
} satisfies RouteRules
