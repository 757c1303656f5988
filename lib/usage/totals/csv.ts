import type { Db } from '../../db/index.ts'
import { type Cell, csvStream } from '../../runtime/index.ts'
import { readTotals } from './queries.ts'
import { type TotalsQuery, totalOrder, type UsageTotal } from './schema.ts'

const columns = [
  ...['starts_at', 'event_type', 'model_used', 'event_count', 'tokens_used', 'cost_micros'],
] as (keyof UsageTotal)[]

/** Totals that are read at a time. No more are in memory, however long the range is. */
const pageSize = 1_000
/** Hours are read from one day at a time, so that no page adds up again what the pages before it did. */
const sliceMs = 86_400_000

/** All totals of a range as CSV, the newest first. */
export function writeTotals(
  db: Db,
  tenantId: string,
  query: TotalsQuery,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  return csvStream(columns, readPages(db, tenantId, query))
}

async function* readPages(db: Db, tenantId: string, query: TotalsQuery): AsyncGenerator<Cell[][], void> {
  for (const range of slicesOf(query)) {
    let cursor = query.cursor
    for (;;) {
      const { totals, next_cursor } = await readTotals(db, tenantId, {
        ...query,
        ...range,
        limit: pageSize,
        cursor,
      })
      if (totals.length > 0) yield totals.map(cellsOf)
      const last = totals.at(-1)
      if (next_cursor === null || !last) break
      const { starts_at, event_type, model_used } = last
      cursor = totalOrder.columns.parse({
        starts_at,
        event_type: event_type ?? '',
        model_used: model_used ?? '',
      })
    }
  }
}

/** The newest first. Days and months are few, and an hour belongs to one slice only. */
function slicesOf({ window, since, until }: TotalsQuery): { since: Date; until: Date }[] {
  if (window !== 'hour') return [{ since, until }]
  const slices = []
  for (let end = until.getTime(); end > since.getTime(); ) {
    const start = Math.max(since.getTime(), Math.ceil(end / sliceMs - 1) * sliceMs)
    slices.push({ since: new Date(start), until: new Date(end) })
    end = start
  }
  return slices
}

function cellsOf(total: UsageTotal): Cell[] {
  return columns.map((column) => total[column] as Cell)
}
