import type { ChosenTenant } from '../../auth/index.ts'
import { asCallerSnapshot, type Claims, type Db, Problem, sql } from '../../db/index.ts'
import { type PacedAnswer, pacedAnswer } from './paced-answer.ts'

/** Each holds one of the isolate's few connections until its reader is done. */
const maxConcurrent = 3
/** Hosted functions end after 150 s. An export that would be cut there ends a little earlier, on purpose. */
const timeoutMs = 140_000
/** How long one page may wait for its reader. Pages are about a megabyte, so a reader of 1 Mbit/s is fast enough. */
const stallMs = 10_000

/** How many rows one page reads at most. */
const maxBatch = 1_000

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
 * takes it, one page at a time. A reader who takes nothing for ten seconds is cut off. Refused before the first byte:
 * 403 forbidden, 404 tenant_not_found, 409 export_running while another export of the tenant runs anywhere, and 503
 * unavailable while three run in this isolate.
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
  const answer = pacedAnswer()
  return new Promise((resolve, reject) => {
    // Until the answer starts, a failure is the answer. Later it can only break the answer off.
    void send(db, claims, tenant, answer, () => resolve(answer.readable)).catch(reject)
  })
}

async function send(
  db: Db,
  claims: Claims,
  tenant: ChosenTenant,
  answer: PacedAnswer,
  start: () => void,
): Promise<void> {
  const encoder = new TextEncoder()
  const endsAt = Date.now() + timeoutMs
  let isStarted = false
  try {
    await asCallerSnapshot(claims, async (snapshot) => {
      await takeTurn(snapshot, tenant)
      // In a transaction of its own, because a snapshot only reads.
      await db.query(sql`select private.begin_export(${tenant.id})`)
      isStarted = true
      start()
      // A page is read when the one before was taken.
      for await (const lines of pages(snapshot, tenant))
        await answer.write(encoder.encode(lines), Math.min(stallMs, endsAt - Date.now()))
    })
    answer.end()
  } catch (thrown) {
    if (!isStarted) throw thrown
    // The status was sent long ago, so only breaking off the answer can tell the reader.
    answer.breakOff(thrown)
  } finally {
    running--
  }
}

/** One export of a tenant at a time, in whatever isolate: a tenant cannot take every slot. The lock ends with the snapshot. */
async function takeTurn(snapshot: Db, tenant: ChosenTenant): Promise<void> {
  const [turn] = await snapshot.query<{ is_free: boolean }>(
    sql`select pg_try_advisory_xact_lock(hashtextextended(${`tenant export ${tenant.id}`}, 0)) as is_free`,
  )
  if (!turn?.is_free)
    throw new Problem(
      'export_running',
      'An export of this tenant is running. Wait until it has ended, then try again.',
    )
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
    let batch = maxBatch
    sent[name] = 0
    // In one snapshot the count stays true, so it says which page is the last.
    while (sent[name] < (expected[name] ?? 0)) {
      const [page]: ExportPage[] = await db.query<ExportPage>(
        sql`select lines, row_count, last_key from private.export_rows(${tenant.id}, ${name}, ${after}::text[], ${batch})`,
      )
      if (!page || page.row_count === 0) break
      sent[name] += page.row_count
      // A page ends after a megabyte. Where few rows fill it, the next one reads no thousand only to leave most of them.
      batch = Math.min(maxBatch, page.row_count * 2)
      after = page.last_key
      yield page.lines
    }
  }
  const rows = Object.values(sent).reduce((total, count) => total + count, 0)
  yield line({ trailer: { rows, tables: sent } })
}

const line = (value: unknown): string => `${JSON.stringify(value)}\n`
