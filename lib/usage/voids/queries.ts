import { type Db, sql, ulidOf } from '../../db/index.ts'
import type { UsageVoid, UsageVoidResult } from './schema.ts'

interface Row {
  id: string | null
  outcome: 'voided' | 'not_found'
}

/**
 * Voids events in one statement and returns the result of each, in order. An event that was voided before is answered
 * as voided again, and its totals are taken off once.
 */
export async function voidUsageEvents(
  db: Db,
  tenantId: string,
  voids: UsageVoid[],
): Promise<UsageVoidResult[]> {
  if (voids.length === 0) return []
  const rows = await db.query<Row>(sql`
    select id, outcome from public.void_usage_events(
      ${tenantId},
      ${voids.map(({ ref_id }) => ref_id ?? null)},
      ${voids.map(({ source }) => source ?? 'api')},
      ${voids.map(({ event_id }) => event_id ?? null)},
      ${voids.map(({ reason }) => reason ?? null)})
    order by n`)
  return rows.map(({ id }, index) => {
    if (id !== null) return { status: 'voided', ref_id: ulidOf(id) }
    const pointer = voids[index]?.ref_id === undefined ? '/event_id' : '/ref_id'
    return {
      status: 'rejected',
      code: 'event_not_found',
      errors: [{ pointer, detail: 'names no event of this tenant' }],
    }
  })
}
