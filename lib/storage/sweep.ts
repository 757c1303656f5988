import { z } from 'zod'
import { type Db, sql } from '../db/index.ts'
import { openBucket } from './bucket.ts'

export const SweptFiles = z.strictObject({ removed: z.int() }).meta({ id: 'SweptFiles' })
export type SweptFiles = z.infer<typeof SweptFiles>

const sweptAtOnce = 500

/**
 * Removes files that no row knows, such as those of a tenant that was purged, and pictures that were replaced. One that
 * was written in the last 24 hours stays: a file comes first, and its row a moment later. For the service.
 */
export async function sweepFiles(db: Db): Promise<SweptFiles> {
  let removed = 0
  const buckets = await db.query<{ bucket: string }>(sql`select bucket from private.file_buckets()`)
  for (const { bucket } of buckets) {
    const files = openBucket({ name: bucket, types: [] })
    for (let last = ''; ; ) {
      const lost = await db.query<{ name: string }>(sql`
        select name from private.lost_files(${bucket}, ${last}, ${sweptAtOnce})`)
      await files.remove(lost.map(({ name }) => name))
      removed += lost.length
      if (lost.length < sweptAtOnce) break
      last = lost.at(-1)?.name ?? ''
    }
  }
  return { removed }
}
