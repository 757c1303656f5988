import { type Db, readPage, sql } from '../../db/index.ts'
import { type Framework, type FrameworkQuery, type Frameworks, frameworkOrder } from './schema.ts'

/** A page of the frameworks, each with the version of the tenant's own configuration. */
export async function listFrameworks(
  db: Db,
  tenantId: string,
  { limit, cursor }: FrameworkQuery,
): Promise<Frameworks> {
  const { rows, next_cursor } = await readPage<Framework>(
    db,
    frameworkOrder,
    { limit, cursor },
    (rowCount) => sql`
    select f.framework_id, f.name, f.description, f.version,
      array(select m.key from jsonb_each(f.base -> 'modes') as m where m.value -> 'is_enabled' = 'true' order by m.key) as modes,
      coalesce(c.version, 0) as config_version
    from public.frameworks as f
    left join public.framework_configs as c on c.tenant_id = ${tenantId} and c.framework_id = f.framework_id
    where ${cursor?.framework_id}::text is null or f.framework_id > ${cursor?.framework_id}
    order by f.framework_id limit ${rowCount}`,
  )
  return { frameworks: rows, next_cursor }
}
