import { admin } from './caller.ts'
import { Circuit } from './circuit.ts'
import { connections } from './pool.ts'
import { inTime, isFull, leave, NotReady, openOnReplica, replicaFirst } from './read-replica.ts'
import type { Sql } from './sql.ts'
import { askMark, hasReached, type Mark } from './standing.ts'
import { finishWith } from './transaction.ts'

/** How old the rows of a replica may be at most. A page is kept for five seconds, and this is taken off. */
const maxStaleMs = 2_000
/** How often the primary is asked for a mark, while somebody asks for rows. */
const markEveryMs = 500
/** How long a whole read may take at the replica. */
const limitMs = 800

const circuit = new Circuit()
/** Places in the primary's log of the last two seconds, the newest first. */
let marks: Mark[] = []
let lastAskedAt = Number.NEGATIVE_INFINITY

export interface Recent<Row> {
  rows: Row[]
  /** How long ago the rows may have ceased to be true. 0 if the primary answered. */
  ageMs: number
}

/**
 * Rows that may be up to two seconds old, from the replica if there is one that is near enough, else from the primary. It skips
 * RLS, as `admin` does. Only for what promises no more than to be seconds old.
 */
export async function queryRecent<Row>(statement: Sql): Promise<Recent<Row>> {
  const { replica } = connections()
  const onPrimary = async () => ({ rows: await admin.query<Row>(statement), ageMs: 0 })
  if (!replica) return onPrimary()
  keepMarks()
  // Without a mark nobody knows how old the replica's rows would be.
  const [newest] = marks
  if (!newest || isFull(replica) || !circuit.admits()) return onPrimary()

  const onReplica = async () => {
    const { client, standing } = await openOnReplica(replica, newest)
    const mark = marks.find((each) => hasReached(standing, each))
    if (!mark) {
      await leave(client)
      throw new NotReady(`It is more than ${maxStaleMs} ms behind.`)
    }
    const rows = await finishWith<Row>(client, statement)
    return { rows, ageMs: performance.now() - mark.at }
  }
  return replicaFirst(circuit, () => inTime(limitMs, onReplica()), onPrimary)
}

/** This isolate has changed something: what it reads from now on is no older than that. */
export function forgetMarks(): void {
  marks = []
  lastAskedAt = Number.NEGATIVE_INFINITY
}

/** Asks for a new mark if the newest is old. Nobody waits for it, and no timer runs in an isolate that has no requests. */
function keepMarks(): void {
  const now = performance.now()
  marks = marks.filter(({ at }) => now - at < maxStaleMs)
  if (now - lastAskedAt < markEveryMs) return
  lastAskedAt = now
  admin.one<Omit<Mark, 'at'>>(askMark).then(
    (answer) => {
      // Asked for before this isolate's last change, it might lie before that change.
      if (lastAskedAt === now) marks = [{ at: now, ...answer }, ...marks]
    },
    () => {},
  )
}
