import { type Db, sql } from '../db/index.ts'
import { csvCell } from '../runtime/index.ts'
import { auditColumns } from './log.ts'

export type ExportFormat = 'csv' | 'jsonl'

/** A row as it is exported. Values are Postgres' own text, so that the hash can be computed again. */
type WrittenRow = Record<string, string | boolean | null> & { seq: string; metadata: string }

/** In the order of the file. metadata comes last: a JSON line holds it as the exact text that was hashed. */
const columns = [
  ...['tenant_id', 'seq', 'id', 'project_id', 'actor_id', 'actor_name', 'actor_type', 'action', 'crud'],
  ...['target_id', 'target_type', 'target_name', 'product', 'component', 'description', 'is_failure'],
  ...[
    'is_anonymous',
    'payload_hash',
    'source_ip',
    'user_agent',
    'request_id',
    'created_at',
    'prev_hash',
    'hash',
  ],
  'metadata',
] as const

/** Rows that are read at a time, about a megabyte. An export holds no more in memory, however long the log is. */
const batchSize = 2_000

/**
 * A tenant's whole audit log, oldest first, up to the row that was the last one at the start. It reads the next
 * batch when the reader has taken the one before. The export itself is recorded in the log.
 */
export async function exportAuditLog(
  db: Db,
  tenantId: string,
  format: ExportFormat,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const started = await db.one<{ last: string | null }>(
    sql`select private.start_audit_export(${tenantId}, ${format}) as last`,
  )
  const last = started.last ?? '0'
  const write = format === 'csv' ? csvLine : jsonLine
  const encoder = new TextEncoder()
  let after = '0'
  return new ReadableStream({
    start(controller) {
      if (format === 'csv') controller.enqueue(encoder.encode(`${columns.join(',')}\r\n`))
    },
    async pull(controller) {
      const rows = await readBatch(db, tenantId, after, last)
      const end = rows.at(-1)
      if (!end) return controller.close()
      after = end.seq
      controller.enqueue(encoder.encode(rows.map(write).join('')))
    },
  })
}

function readBatch(db: Db, tenantId: string, after: string, last: string): Promise<WrittenRow[]> {
  return db.query<WrittenRow>(sql`
    select ${auditColumns}, a.metadata::text as metadata
    from private.export_audit_log(${tenantId}, ${after}, ${last}, ${batchSize}) as a`)
}

/** One JSON object. metadata comes last and verbatim, because parsing and writing it again would change its text. */
function jsonLine(row: WrittenRow): string {
  let line = '{'
  for (const column of columns) {
    if (column === 'metadata') break
    line += `"${column}":${column === 'seq' ? row.seq : JSON.stringify(row[column])},`
  }
  return `${line}"metadata":${row.metadata}}\n`
}

/** One record (RFC 4180). */
function csvLine(row: WrittenRow): string {
  let line = ''
  for (const column of columns) {
    if (line !== '') line += ','
    line += csvCell(row[column])
  }
  return `${line}\r\n`
}
