import { type Db, sql } from '../../db/index.ts'
import type { Overview } from './schema.ts'

/** What needs doing in a tenant, of what the caller may know there now. 404 tenant_not_found. */
export async function readOverview(db: Db, tenantId: string): Promise<Overview> {
  const findings = await db.query<Overview['findings'][number]>(sql`
    select o.code, o.severity, o.description, o.target_type, o.path, o.targets, o.has_more
    from public.read_tenant_overview(${tenantId}) as o`)
  return { findings }
}
