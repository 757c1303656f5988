// How an export of an audit log is checked: its chain of hashes, as docs/audit.md says. The console runs it in the browser
// and `npm run audit:verify` on a machine of somebody who has only the export, so nothing of Node or Deno is used here.
import type { AuditVerification } from './schema.ts'

/** A row that somebody kept elsewhere. The chain before it hangs on its hash. */
export type AuditCheckpoint = AuditVerification['checkpoint']

/** What a break of a chain means. The keys are those of private.find_audit_break(), and two of checkpoints. */
const chainProblems: Record<string, string> = {
  gap: 'The row is missing.',
  hash_mismatch: 'The row does not fit its own hash: a field of it was changed, or it is not where it was.',
  payload_mismatch: "The row's metadata does not fit its payload_hash.",
  wrong_prev: 'The row does not follow the one before it: that one was replaced, or this one forged.',
  tail_cut: 'The row and what followed it are missing: the chain ends before its head.',
  beyond_head: 'The row was put behind the end of the chain.',
  head_mismatch: "The last row is not the one that the chain's head names.",
  head_missing: 'The chain has no head.',
  checkpoint_mismatch: 'The row is not the one that the checkpoint names: the chain was written anew.',
  checkpoint_missing: 'The row that the checkpoint names is missing: the chain was cut and its head moved.',
}

export const breakOf = (problem: string, seq: number | null) => ({
  seq,
  problem,
  detail: chainProblems[problem] ?? problem,
})

/** A line of an export, as far as its hash is made of it. */
interface ExportedRow {
  tenant_id: string
  seq: number
  payload_hash: string
  source_ip: string | null
  created_at: string | null
  prev_hash: string
  hash: string
  [field: string]: string | number | boolean | null
}

/** The fields between "seq" and "metadata", in the order in which they are hashed. */
const described = [
  ...[
    'id',
    'project_id',
    'actor_id',
    'actor_name',
    'actor_type',
    'action',
    'crud',
    'target_id',
    'target_type',
  ],
  ...['target_name', 'product', 'component', 'description', 'is_failure', 'is_anonymous'],
] as const

/** Lines that are hashed at a time. Hashing one after another would wait for each. */
const batchSize = 500

interface Options {
  kept?: AuditCheckpoint | undefined
  onProgress?: (rowCount: number) => void
}

/**
 * Walks the lines of an export, and names the first place where the chain does not hold, or where it is not the one that
 * was kept. What was cut off behind the last line cannot be seen in them, but by a checkpoint.
 * @throws Error if a line is no row of an export, or the checkpoint is of another tenant.
 */
export async function verifyExport(
  lines: AsyncIterable<string>,
  { kept, onProgress }: Options = {},
): Promise<AuditVerification> {
  let reached: AuditCheckpoint = { tenant: kept?.tenant ?? '', seq: 0, hash: '0'.repeat(64) }
  const broken = (problem: string, seq: number): AuditVerification => ({
    is_intact: false,
    checkpoint: reached,
    break: breakOf(problem, seq),
  })
  for await (const batch of batchesOf(lines)) {
    for (const { row, hash, payloadHash } of await Promise.all(batch.map(hashed))) {
      if (reached.seq === 0) {
        if (kept && kept.tenant !== row.tenant_id) throw new Error('The checkpoint is of another tenant.')
        reached = { ...reached, tenant: row.tenant_id }
      }
      if (row.seq !== reached.seq + 1) return broken('gap', reached.seq + 1)
      if (row.hash !== hash) return broken('hash_mismatch', row.seq)
      if (row.payload_hash !== payloadHash) return broken('payload_mismatch', row.seq)
      if (row.prev_hash !== reached.hash || row.tenant_id !== reached.tenant)
        return broken('wrong_prev', row.seq)
      if (row.seq === kept?.seq && row.hash !== kept.hash) return broken('checkpoint_mismatch', row.seq)
      reached = { tenant: row.tenant_id, seq: row.seq, hash: row.hash }
    }
    onProgress?.(reached.seq)
  }
  if (kept && kept.seq > reached.seq) return broken('checkpoint_missing', kept.seq)
  return { is_intact: true, checkpoint: reached, break: null }
}

/** The lines of a text that arrives in pieces. */
export async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  for await (const piece of pieces) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  rest += decoder.decode()
  if (rest !== '') yield rest
}

/** The checkpoint of a line that an earlier check gave. Undefined if it is none. */
export function readCheckpoint(line: string): AuditCheckpoint | undefined {
  try {
    const { tenant, seq, hash } = JSON.parse(line) as Record<string, unknown>
    const isOne =
      typeof tenant === 'string' &&
      /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(tenant) &&
      typeof seq === 'number' &&
      Number.isSafeInteger(seq) &&
      seq >= 0 &&
      typeof hash === 'string' &&
      /^[0-9a-f]{64}$/.test(hash)
    return isOne ? { tenant, seq, hash } : undefined
  } catch {
    return undefined
  }
}

async function* batchesOf(lines: AsyncIterable<string>): AsyncGenerator<string[]> {
  let batch: string[] = []
  for await (const line of lines) {
    if (line.trim() === '') continue
    batch.push(line)
    if (batch.length < batchSize) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

async function hashed(line: string) {
  const { row, metadata } = readLine(line)
  const [hash, payloadHash] = await Promise.all([sha256(hashedText(row, metadata)), sha256(metadata)])
  return { row, hash, payloadHash }
}

/** Metadata is hashed as it was written. Parsing and writing it again would change its text. */
function readLine(line: string): { row: ExportedRow; metadata: string } {
  try {
    const row = JSON.parse(line) as ExportedRow
    const from = line.indexOf('"metadata":')
    if (from < 0 || !Number.isSafeInteger(row.seq) || typeof row.hash !== 'string') throw new Error()
    return { row, metadata: line.slice(from + '"metadata":'.length, line.lastIndexOf('}')) }
  } catch {
    throw new Error(`This is no row of an export as JSON lines: ${line.slice(0, 100)}`)
  }
}

function hashedText(row: ExportedRow, metadata: string): string {
  return JSON.stringify([
    ...['tenantry-audit-1', row.tenant_id, String(row.seq)],
    ...described.map((name) => textOf(row[name])),
    ...[metadata, row.payload_hash, row.source_ip?.split('/')[0] ?? null],
    ...[textOf(row.user_agent), textOf(row.request_id), microseconds(row.created_at), row.prev_hash],
  ])
}

const textOf = (value: string | number | boolean | null | undefined) =>
  value === null || value === undefined ? null : String(value)

/** Since 1970. A Date knows no more than milliseconds. What is no such moment was never hashed, and stays as it is. */
function microseconds(at: string | null): string | null {
  const [, second, rest] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{6})Z$/.exec(at ?? '') ?? []
  const milliseconds = Date.parse(`${second}Z`)
  return rest === undefined || Number.isNaN(milliseconds)
    ? at
    : String(BigInt(milliseconds) * 1_000n + BigInt(rest))
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
