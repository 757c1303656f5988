import type { Db } from '../../db/index.ts'
import { type Cell, csvStream } from '../../runtime/index.ts'
import { type Asked, readSome } from './readings.ts'
import type { Meter } from './schema.ts'

/** Readings that are read at a time. A page that ends within a window reads the events of that window again. */
const pageSize = 10_000

/** All readings of a range as CSV, the newest first. */
export function writeReadings(
  db: Db,
  tenantId: string,
  meter: Meter,
  query: Asked,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const columns = ['starts_at', ...query.group_by, 'value', 'event_count', 'uncounted_count']
  return csvStream(columns, readPages(db, tenantId, meter, query))
}

async function* readPages(
  db: Db,
  tenantId: string,
  meter: Meter,
  query: Asked,
): AsyncGenerator<Cell[][], void> {
  let cursor = query.cursor
  do {
    const { readings, next } = await readSome(db, tenantId, meter, { ...query, limit: pageSize, cursor })
    yield readings.map(({ starts_at, groups, value, event_count, uncounted_count }): Cell[] => [
      String(starts_at),
      ...query.group_by.map((property) => groups[property] ?? null),
      value === null ? null : { decimal: value },
      event_count,
      uncounted_count,
    ])
    cursor = next ?? undefined
  } while (cursor)
}
