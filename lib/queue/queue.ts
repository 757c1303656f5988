import { admin, named, sql } from '../db/index.ts'

/** An item of a queue that is ours until its lease ends. */
export interface LeasedItem {
  tenant_id: string
  /** Whom it goes to. */
  lane_id: string
  /** What is sent: the id of the domain's row. */
  item_id: string
  lease_id: string
  /** The number of this attempt in its schedule, from 1. */
  attempt_number: number
  ordering_key: string | null
  /** Its receiver is known to be slow, or did not answer yet. */
  is_slow: boolean
}

/** The result of an attempt: private.queue_result. A domain adds what it wants to keep of the answer. */
export interface ItemResult extends Omit<LeasedItem, 'is_slow'> {
  /**
   * What failed is tried again while attempts are left. What was postponed is tried again after wait_seconds, which is no attempt.
   * What was dropped is not tried again. Of these two, their lane is not to blame.
   */
  outcome: 'succeeded' | 'failed' | 'postponed' | 'dropped'
  duration_ms: number
  /** The receiver asks for a pause of this many seconds. */
  block_seconds: number | null
  /** The receiver asks for nothing more, and why. */
  stop_reason: string | null
  /** How long what is postponed waits. */
  wait_seconds?: number
}

/** What a dispatcher has to know of a domain's queue. */
export interface Queue<Item extends LeasedItem, Result extends ItemResult> {
  /** Its name in private.queues. */
  name: string
  /** Turns at most so many rows of the outbox into items. Returns how many. */
  expand(batch: number): Promise<number>
  /** Leases about so many items, and up to slowBatch of them for receivers that are known to be slow. */
  claim(batch: number, slowBatch: number): Promise<Item[]>
  /** Makes one attempt. Never throws: whatever goes wrong is a failed attempt. */
  send(item: Item): Promise<Result>
  /** Reports results, counted in the dispatcher's place. Returns how many were settled. A lost lease settles nothing. */
  complete(results: Result[], slot: number): Promise<number>
  /** The name of an item's lane in the log. */
  laneName(item: Item): string
}

/**
 * How long a dispatcher may take from claiming to completing. It is more than the longest exchange and the longest wait
 * for a free place together. After it, an item whose dispatcher died is claimed again.
 */
export const leaseSeconds = 90

/** Leases items of a queue which say no more than whose they are. The domain reads the rest when it sends. */
export function claimItems(queue: string, batch: number, slowBatch: number): Promise<LeasedItem[]> {
  return admin.query<LeasedItem>(
    named(
      `claim_${queue}`,
      sql`select tenant_id, lane_id, item_id, lease_id, attempt_number, ordering_key, is_slow
        from private.claim_items(${queue}, ${batch}, ${leaseSeconds}, ${slowBatch})`,
    ),
  )
}

/** Settles items of a queue by their results alone. Returns how many were settled. */
export async function completeItems(queue: string, results: ItemResult[], slot: number): Promise<number> {
  const { completed } = await admin.one<{ completed: number }>(
    named(
      `complete_${queue}`,
      sql`select private.complete_queue_items(${queue}, ${JSON.stringify(results)}::jsonb, ${slot}) as completed`,
    ),
  )
  return completed
}
