import { named, type Sql, sql } from './sql.ts'

/** Which cluster a server belongs to, and which of its histories it follows. A promotion begins a new history. */
const history = sql`(select s.system_identifier || '/' || c.timeline_id from pg_control_system() as s, pg_control_checkpoint() as c)`

/** A place in the primary's log. Everything that was committed at that moment lies before it. */
export interface Mark {
  /** When it was asked for, by the clock of performance.now(). */
  at: number
  lsn: string
  history: string
}

/**
 * Asks the primary how far its log is on disk. A commit that waits for the disk is seen by nobody before. One that does not wait
 * (synchronous_commit = off, in the queues) may be seen earlier, and no report reads what those change.
 */
export const askMark: Sql = named(
  'ask_mark',
  sql`select pg_current_wal_flush_lsn()::text as lsn, ${history} as history`,
)

/** What a server says about itself. The snapshots of later statements of its transaction are no older. */
export interface Standing {
  is_standby: boolean
  lsn: string | null
  history: string
}

export const askStanding: Sql = named(
  'ask_standing',
  sql`select pg_is_in_recovery() as is_standby, pg_last_wal_replay_lsn()::text as lsn, ${history} as history`,
)

/** Why a server must not be asked at all, or null. It may lag all the same. */
export function whyNotAsked(standing: Standing, mark: Mark): string | null {
  // Somebody has promoted it. It may have rows that the primary never had.
  if (!standing.is_standby) return 'It is not a standby.'
  if (standing.history !== mark.history) return 'It follows another history than the primary.'
  return null
}

/** Whether the standby shows everything that was committed at the mark. */
export function hasReached({ lsn }: Standing, mark: Mark): boolean {
  return lsn !== null && positionOf(lsn) >= positionOf(mark.lsn)
}

/** A position is written as two hexadecimal halves: 16/B374D848. */
function positionOf(lsn: string): bigint {
  const [high, low] = lsn.split('/')
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`)
}
