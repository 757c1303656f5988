import { z } from 'zod'
import { admin, keyset, nextCursor, pageParameters, readPage, sql } from '../db/index.ts'

const AuditAction = z
  .strictObject({
    action: z.string(),
    crud: z.enum(['c', 'r', 'u', 'd']),
    target_type: z
      .string()
      .nullable()
      .meta({ description: 'The table that it changes; null for what changes no table.' }),
  })
  .meta({ id: 'AuditAction', description: 'What a row of an audit log may say was done.' })

const actionOrder = keyset('audit_actions', {
  action: z
    .string()
    .max(128)
    .regex(/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/),
})
export const AuditActionQuery = z.strictObject(pageParameters(actionOrder))
export const AuditActions = z
  .strictObject({ actions: z.array(AuditAction), next_cursor: nextCursor })
  .meta({ id: 'AuditActions' })

type AuditAction = z.infer<typeof AuditAction>
type AuditActionQuery = z.output<typeof AuditActionQuery>
type AuditActions = z.infer<typeof AuditActions>

/**
 * The actions that there are, by name: the changes of each table that is audited, and what code declares. As the service:
 * the registers hold nothing of a tenant, and are granted to nobody.
 */
export async function listAuditActions({ limit, cursor }: AuditActionQuery): Promise<AuditActions> {
  const { rows, next_cursor } = await readPage<AuditAction>(
    admin,
    actionOrder,
    { limit, cursor },
    (rowCount) => sql`
    select k.action, k.crud, k.target_type from (
      select a.action, a.crud::text, null as target_type from private.audit_actions as a
      union all
      select c.relname || '.' || v.verb, v.crud, c.relname::text
      from private.registered_tables as r
      join pg_catalog.pg_class as c on c.oid = r.relation
      cross join (values ('created', 'c'), ('updated', 'u'), ('deleted', 'd')) as v (verb, crud)
      where r.unaudited is null) as k
    where ${cursor?.action}::text is null or k.action collate "C" > ${cursor?.action}
    order by k.action collate "C" limit ${rowCount}`,
  )
  return { actions: rows, next_cursor }
}
