import { type Db, sql } from '../db/index.ts'

/** Counts an upload of this tenant. 429 too_many_uploads. */
export async function requireUploadTurn(db: Db, tenantId: string): Promise<void> {
  await db.query(sql`select private.require_upload_turn(${tenantId})`)
}
