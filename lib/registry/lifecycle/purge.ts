import { isNamed, tenantNotFound } from '../../auth/index.ts'
import { type Db, sql } from '../../db/index.ts'
import type { TenantPurge, TenantPurgeRequest } from './schema.ts'

/** Well within what a hosted function may take; cron goes on with what is left. */
const timeoutMs = 60_000

const purgeColumns = sql`ref_id, slugs, reason, deleted_rows, requested_at, finished_at`

/**
 * Deletes everything an archived tenant owned, batch by batch, each in its own transaction: a purge that is
 * cut off continues where it was, by cron or by another call. Returns when it is done or its time is over.
 * 404 tenant_not_found; 409 not_purgeable; 422 invalid_value when forced without a reason.
 */
export async function purgeTenant(
  db: Db,
  name: string,
  { reason, is_forced }: TenantPurgeRequest,
): Promise<TenantPurge> {
  const until = Date.now() + timeoutMs
  const tenantId = await findAnyTenantId(db, name)
  let purge = await db.one<TenantPurge>(sql`
    select ${purgeColumns} from private.begin_purge(${tenantId}, ${reason ?? null}, ${is_forced ?? false})`)
  while (purge.finished_at === null && Date.now() < until)
    purge = await db.one<TenantPurge>(sql`select ${purgeColumns} from private.purge_batch(${tenantId})`)
  return purge
}

/** By slug or ref_id. A tenant that is gone is found only by its ref_id, because another may have its slug now. */
async function findAnyTenantId(db: Db, name: string): Promise<string> {
  const { id } = await db.one<{ id: string | null }>(sql`
    select coalesce(
      (select t.id from public.tenants as t where ${isNamed(name)}),
      private.purged_tenant_id(${name})) as id`)
  if (id === null) throw tenantNotFound('There is no such tenant.')
  return id
}
