import { admin } from '../../kit/db.ts'
import type { Tenant } from '../../kit/tenants.ts'

/** A pending domain of the tenant. */
export async function makeDomain(tenant: Tenant): Promise<string> {
  const { rows } = await admin.query<{ ref_id: string }>(
    'insert into public.tenant_domains (tenant_id, host) values ($1, $2) returning ref_id',
    [tenant.id, `${tenant.slug}.test`],
  )
  return rows[0]!.ref_id
}
