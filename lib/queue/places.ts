import { admin, sql } from '../db/index.ts'

// All of these use the service's own connection, because no caller may read or write a queue.

/** A place for a dispatcher, or null if one is already awake or all places are taken. */
export async function beginDispatch(queue: string, run: string): Promise<number | null> {
  const { slot } = await admin.one<{ slot: number | null }>(
    sql`select private.begin_dispatch(${queue}, ${run}) as slot`,
  )
  return slot
}

/** Reports that a dispatcher is alive, and whether it has room for more. Returns false if its place was given to another. */
export async function sendHeartbeat(
  queue: string,
  run: string,
  state: { hasRoom: boolean; isOver?: boolean },
): Promise<boolean> {
  const { is_kept } = await admin.one<{ is_kept: boolean }>(
    sql`select private.send_dispatcher_heartbeat(${queue}, ${run}, ${state.hasRoom}, ${state.isOver ?? false}) as is_kept`,
  )
  return is_kept
}

/**
 * Gives the place of a dispatcher to another that takes work, because this one only waits for its last answers.
 * Returns the place where it waits, or null if there is none: then it keeps its own.
 */
export async function beginDrain(queue: string, run: string): Promise<number | null> {
  const [row] = await admin.query<{ slot: number | null }>(
    sql`select private.begin_drain(${queue}, ${run}) as slot`,
  )
  return row?.slot ?? null
}

/** Starts another dispatcher if there is work and none is awake. */
export async function wakeIdleDispatcher(queue: string): Promise<void> {
  await admin.query(sql`select private.wake_idle_dispatcher(${queue})`)
}
