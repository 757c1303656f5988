import { admin } from '../../kit/db.ts'
import { manager, type RouteRules, reader, service } from '../../kit/rules/routes.ts'
import { freshSlug, type Tenant } from '../../kit/tenants.ts'

export default {
  'GET /branding/domains': { may: [reader] },
  'POST /branding/domains': { may: [manager], gives: 201, body: () => ({ host: `${freshSlug()}.test` }) },
  'POST /branding/domains/:domain/verify': { may: [manager], where: { domain: makeDomain } },
  'POST /branding/domains/:domain/primary': { may: [manager], gives: 409, where: { domain: makeDomain } },
  'DELETE /branding/domains/:domain': { may: [manager], gives: 204, where: { domain: makeDomain } },
  'POST /branding/domains/re-check': { may: [service] },
} satisfies RouteRules

async function makeDomain(tenant: Tenant): Promise<string> {
  const { rows } = await admin.query<{ ref_id: string }>(
    'insert into public.tenant_domains (tenant_id, host) values ($1, $2) returning ref_id',
    [tenant.id, `${tenant.slug}.test`],
  )
  return rows[0]!.ref_id
}
