import type pg from 'pg'
import type { Circuit } from './circuit.ts'
import { Problem } from './problem.ts'
import type { Sql } from './sql.ts'
import { askStanding, hasReached, type Mark, type Standing, whyNotAsked } from './standing.ts'
import { finish, openTransaction, send } from './transaction.ts'

/** How long a replica may take to say how far it is. Then the primary is asked. */
const openingMs = 500

/** The replica cannot answer this now, and the primary can. */
export class NotReady extends Error {}

/** Whether another request would have to wait for a connection. The primary is asked instead. */
export function isFull(replica: pg.Pool): boolean {
  return replica.idleCount === 0 && replica.totalCount >= replica.options.max
}

/** A transaction of the replica whose first statement proved that this server may be asked. */
export async function openOnReplica(
  replica: pg.Pool,
  mark: Mark,
  identity?: Sql,
): Promise<{ client: pg.PoolClient; standing: Standing }> {
  const opening = openTransaction<Standing>(
    { pool: replica, begin: 'begin read only', ...(identity && { identity }) },
    askStanding,
  )
  const { client, rows } = await inTime(openingMs, opening, ({ client: late }) => late.release(true))
  const [standing] = rows
  const reason = standing ? whyNotAsked(standing, mark) : 'It does not say what it is.'
  if (standing && reason === null) return { client, standing }
  // The next connection may lead to another server, so this one is not kept.
  client.release(true)
  throw new NotReady(reason ?? '')
}

/** Waits until the standby shows what was committed at the mark. Ends the transaction if it does not. */
export async function catchUp(
  client: pg.PoolClient,
  first: Standing,
  mark: Mark,
  limitMs: number,
): Promise<void> {
  const until = performance.now() + limitMs
  let pauseMs = 2
  try {
    for (let standing: Standing | undefined = first; !(standing && hasReached(standing, mark)); ) {
      if (performance.now() + pauseMs > until) throw new NotReady(`It is more than ${limitMs} ms behind.`)
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
      pauseMs *= 2
      standing = (await inTime(openingMs, send<Standing>(client, askStanding)))[0]
    }
  } catch (thrown) {
    client.release(true)
    throw thrown
  }
}

/** Gives a connection back that nobody has read from. */
export async function leave(client: pg.PoolClient): Promise<void> {
  await finish(client, async () => {})
}

/** The result if it comes in time. One that comes later is given back. */
export async function inTime<Result>(
  limitMs: number,
  work: Promise<Result>,
  giveBack: (late: Result) => void = () => {},
): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined
  let isLate = false
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      isLate = true
      reject(new NotReady(`It said nothing for ${limitMs} ms.`))
    }, limitMs)
  })
  // When it is late, nobody else listens to it.
  work.then(
    (result) => isLate && giveBack(result),
    () => {},
  )
  try {
    return await Promise.race([work, tooLate])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Asks the replica, and the primary if the replica cannot answer. A refusal of SQL is an answer: the primary would say the
 * same. Nothing may be written, because it may run twice.
 */
export async function replicaFirst<Result>(
  circuit: Circuit,
  onReplica: () => Promise<Result>,
  onPrimary: () => Promise<Result>,
): Promise<Result> {
  const beganAt = performance.now()
  try {
    const result = await onReplica()
    if (circuit.succeed()) tell('read_replica_in_use', 'It answers again.')
    return result
  } catch (thrown) {
    if (thrown instanceof Problem && thrown.code !== 'unavailable') throw thrown
    const reason = thrown instanceof Problem ? (thrown.cause ?? thrown) : thrown
    if (circuit.fail(beganAt))
      tell('read_replica_left_out', reason instanceof Error ? reason.message : String(reason))
  }
  return onPrimary()
}

type Tell = (code: 'read_replica_left_out' | 'read_replica_in_use', reason: string) => void
let tell: Tell = () => {}

/** Says who logs that the replica is left out, and why, or in use again. lib/db knows no log. */
export function tellOfReplica(listener: Tell): void {
  tell = listener
}
