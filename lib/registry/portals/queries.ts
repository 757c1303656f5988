import { type PortalToken, portalTokenOver } from '../../auth/index.ts'
import { type Db, sql } from '../../db/index.ts'
import type { OpenPortal } from './schema.ts'

type Row = Omit<OpenPortal, 'tenant'> & OpenPortal['tenant']

/** What the token that asks opens. 401 unauthenticated if it was ended meanwhile. */
export async function readPortal(db: Db, { tenant: { id } }: PortalToken): Promise<OpenPortal> {
  const [row] = await db.query<Row>(sql`select * from private.read_portal(${id})`)
  if (!row) throw portalTokenOver()
  const { portal, expires_at, expires_in, can_write, ...tenant } = row
  return { portal, expires_at, expires_in, can_write, tenant }
}
