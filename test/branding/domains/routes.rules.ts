import { manager, type RouteRules, reader, service } from '../../kit/rules/routes.ts'
import { freshSlug } from '../../kit/tenants.ts'
import { makeDomain } from './subjects.ts'

export default {
  'GET /branding/address': { may: [reader] },
  'GET /branding/domains': { may: [reader] },
  'POST /branding/domains': { may: [manager], gives: 201, body: () => ({ host: `${freshSlug()}.test` }) },
  'POST /branding/domains/:domain/verify': { may: [manager], where: { domain: makeDomain } },
  'POST /branding/domains/:domain/primary': { may: [manager], gives: 409, where: { domain: makeDomain } },
  'DELETE /branding/domains/:domain': { may: [manager], gives: 204, where: { domain: makeDomain } },
  'POST /branding/domains/re-check': { may: [service] },
} satisfies RouteRules
