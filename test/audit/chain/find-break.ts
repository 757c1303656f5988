import type { Queryable } from '../../kit/db.ts'

export interface Break {
  problem: string | null
  break_seq: string | null
  last_seq: string
}

/** What the verifier says of a tenant's chain. */
export async function findBreak(db: Queryable, tenantId: string): Promise<Break> {
  const { rows } = await db.query<Break>(
    'select problem, break_seq, last_seq from private.find_audit_break($1)',
    [tenantId],
  )
  return rows[0]!
}

/** How many rows the chain of a tenant has. */
export async function chainLength(db: Queryable, tenantId: string): Promise<number> {
  const { rows } = await db.query('select count(*) from public.audit_log where tenant_id = $1', [tenantId])
  return Number(rows[0].count)
}
