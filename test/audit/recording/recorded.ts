import { superuser } from '../../kit/db.ts'

export interface Row {
  seq: string
  action: string
  [column: string]: unknown
}

/** What was recorded in a tenant while `work` ran. */
export async function recorded(tenantId: string, work: () => PromiseLike<unknown>): Promise<Row[]> {
  const of = (after: string) =>
    superuser.query<Row>('select * from public.audit_log where tenant_id = $1 and seq > $2 order by seq', [
      tenantId,
      after,
    ])
  const before = (await of('0')).rows.at(-1)?.seq ?? '0'
  await work()
  return (await of(before)).rows
}
