import type { ChosenTenant } from '../../auth/index.ts'
import { asCallerSnapshot, type Claims, type Db, Problem, sql } from '../../db/index.ts'

/** Each holds one of the isolate's few connections until its reader is done. */
const maxConcurrent = 3
/** Hosted functions end after 150 s. An export that would be cut there ends a little earlier, on purpose. */
const timeoutMs = 140_000

let running = 0

interface ExportTable {
  name: string
  redacted: string[]
}

interface ExportPage {
  lines: string
  row_count: number
  last_key: string[] | null
}

/**
 * Everything that a tenant owns as lines of JSON: a header, one line for each row, and a trailer. A copy without a
 * trailer was cut off. It is one snapshot of the data. It is read from the database only as fast as the reader
 * takes it, one page at a time. Refused before the first byte: 403 forbidden, 404 tenant_not_found, 503 unavailable while three are running.
 */
export async function exportTenant(
  db: Db,
  claims: Claims,
  tenant: ChosenTenant,
): Promise<ReadableStream<Uint8Array>> {
  if (running >= maxConcurrent)
    throw new Problem('unavailable', 'Several exports are running already. Try again in a while.', {
      retryAfterSeconds: 30,
    })
  running++
  try {
    await db.query(sql`select private.begin_export(${tenant.id})`)
  } catch (thrown) {
    running--
    throw thrown
  }
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  void send(claims, tenant, writable.getWriter())
  return readable
}

async function send(
  claims: Claims,
  tenant: ChosenTenant,
  writer: WritableStreamDefaultWriter<Uint8Array>,
): Promise<void> {
  const encoder = new TextEncoder()
  // This also ends a reader who has stopped reading but is still connected: the write that waits for them fails.
  const patience = setTimeout(() => {
    writer.abort(new Error('The export took too long.')).catch(() => {})
  }, timeoutMs)
  try {
    await asCallerSnapshot(claims, async (db) => {
      // A slow reader keeps the transaction waiting between pages.
      await db.query(sql`select set_config('idle_in_transaction_session_timeout', '60s', true)`)
      // Each write is awaited before the next page is read. It fails if the reader goes away.
      for await (const lines of pages(db, tenant)) await writer.write(encoder.encode(lines))
    })
    await writer.close()
  } catch (thrown) {
    // The status was sent long ago, so only breaking off the answer can tell the reader.
    await writer.abort(thrown).catch(() => {})
  } finally {
    clearTimeout(patience)
    running--
  }
}

async function* pages(db: Db, tenant: ChosenTenant): AsyncGenerator<string> {
  const tables = await db.query<ExportTable>(
    sql`select name, redacted from private.export_tables(${tenant.id})`,
  )
  const expected: Record<string, number> = {}
  for (const { name } of tables) {
    const { n } = await db.one<{ n: number }>(
      sql`select private.count_export_rows(${tenant.id}, ${name})::float8 as n`,
    )
    expected[name] = n
  }
  const { taken_at } = await db.one<{ taken_at: Date }>(sql`select now() as taken_at`)
  yield line({
    header: {
      format: 'tenantry-export',
      version: 1,
      tenant: { ref_id: tenant.refId, slug: tenant.slug },
      taken_at,
      tables: tables.map(({ name, redacted }) => ({ table: name, rows: expected[name], redacted })),
    },
  })
  const sent: Record<string, number> = {}
  for (const { name } of tables) {
    let after: string[] | null = null
    sent[name] = 0
    // In one snapshot the count stays true, so it says which page is the last.
    while (sent[name] < (expected[name] ?? 0)) {
      const [page]: ExportPage[] = await db.query<ExportPage>(
        sql`select lines, row_count, last_key from private.export_rows(${tenant.id}, ${name}, ${after}::text[])`,
      )
      if (!page || page.row_count === 0) break
      sent[name] += page.row_count
      after = page.last_key
      yield page.lines
    }
  }
  const rows = Object.values(sent).reduce((total, count) => total + count, 0)
  yield line({ trailer: { rows, tables: sent } })
}

const line = (value: unknown): string => `${JSON.stringify(value)}\n`
