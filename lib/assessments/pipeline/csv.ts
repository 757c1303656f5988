import type { Db } from '../../db/index.ts'
import { type Cell, csvStream } from '../../runtime/index.ts'
import { listParticipants } from './queries.ts'
import { type Participant, type ParticipantQuery, participantOrder } from './schema.ts'

const columns = [
  ...['ref_id', 'email', 'full_name', 'has_consented', 'client_status', 'campaign', 'mode', 'locale'],
  ...['landing_variant', 'primary_id', 'created_at', 'started_at', 'completed_at', 'expires_at'],
] as (keyof Participant)[]

/** Participants that are read at a time. No more are in memory, however many there are. */
const pageSize = 1_000

/** All participants that a list would show, as CSV. */
export function writeParticipants(
  db: Db,
  tenantId: string,
  query: ParticipantQuery,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  return csvStream(columns, readPages(db, tenantId, query))
}

async function* readPages(db: Db, tenantId: string, query: ParticipantQuery): AsyncGenerator<Cell[][], void> {
  let { cursor } = query
  for (;;) {
    const { participants, next_cursor } = await listParticipants(db, tenantId, {
      ...query,
      limit: pageSize,
      cursor,
    })
    if (participants.length > 0) yield participants.map(cellsOf)
    const last = participants.at(-1)
    if (next_cursor === null || !last) return
    cursor = participantOrder.columns.parse(last)
  }
}

const cellsOf = (participant: Participant): Cell[] =>
  columns.map((column) => {
    const value = participant[column]
    if (value instanceof Date) return value.toISOString()
    if (value !== null && typeof value === 'object') return value.name
    return value === null ? null : String(value)
  })
