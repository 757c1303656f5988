import { admin, named, sql } from '../../db/index.ts'

/** A delivery that is ours until its lease ends. */
export interface LeasedDelivery {
  tenant_id: string
  event_id: string
  endpoint_id: string
  lease_id: string
  /** The number of this attempt in its schedule, from 1. */
  attempt_number: number
  ordering_key: string | null
  event_type: string
  event_version: number
  /** The exact text to sign and send. */
  payload: string
  endpoint_ref: string
  url: string
  /** Changes whenever the endpoint's secrets, headers or URL change. */
  revision: string
  /** Its receiver is known to be slow, or did not answer yet. */
  is_slow: boolean
}

/** The result of a delivery: private.webhook_result. */
export interface DeliveryResult {
  tenant_id: string
  event_id: string
  endpoint_id: string
  lease_id: string
  attempt_number: number
  ordering_key: string | null
  outcome: 'succeeded' | 'failed'
  response_status: number | null
  response_body: string | null
  duration_ms: number
  error_code: string | null
  error_detail: string | null
  /** The receiver asks for a pause of this many seconds. */
  block_seconds: number | null
  /** The receiver asks for no more messages. */
  disable: 'asked' | 'gone' | null
}

/** The secrets that sign an endpoint's requests, and its headers. */
export interface EndpointSecrets {
  endpoint_id: string
  revision: string
  /** Newest first. During a rotation there are two. */
  secrets: string[]
  headers: Record<string, string>
  /** When one of the secrets stops signing; null if none does. */
  good_until_at: Date | null
}

/**
 * How long a dispatcher may take from claiming to completing. It is more than the longest exchange and the longest wait
 * for a free place together. After it, a delivery whose dispatcher died is claimed again.
 */
const leaseSeconds = 90

// All of these use the service's own connection, because no caller may read or write the queue.

export async function expandEvents(batch: number): Promise<number> {
  const { expanded } = await admin.one<{ expanded: number }>(
    named('expand_webhook_events', sql`select private.expand_webhook_events(${batch}) as expanded`),
  )
  return expanded
}

/** `slowBatch`: how many of them may go to receivers that are known to be slow. */
export function claimDeliveries(batch: number, slowBatch: number): Promise<LeasedDelivery[]> {
  return admin.query<LeasedDelivery>(
    named(
      'claim_webhook_deliveries',
      sql`select tenant_id, event_id, endpoint_id, lease_id, attempt_number, ordering_key, event_type, event_version,
        payload, endpoint_ref, url, revision, is_slow
        from private.claim_webhook_deliveries(${batch}, ${leaseSeconds}, ${slowBatch})`,
    ),
  )
}

/** Returns how many were settled. A delivery whose lease was lost is only logged. */
export async function completeDeliveries(results: DeliveryResult[], slot: number): Promise<number> {
  const { completed } = await admin.one<{ completed: number }>(
    named(
      'complete_webhook_deliveries',
      sql`select private.complete_webhook_deliveries(${JSON.stringify(results)}, ${slot}) as completed`,
    ),
  )
  return completed
}

export function readEndpointSecrets(endpointIds: string[]): Promise<EndpointSecrets[]> {
  return admin.query<EndpointSecrets>(sql`
    select endpoint_id, revision, secrets, headers, good_until_at from private.read_webhook_secrets(${endpointIds})`)
}

/** A place for a dispatcher, or null if one is already awake or all places are taken. */
export async function beginDispatch(run: string): Promise<number | null> {
  const { slot } = await admin.one<{ slot: number | null }>(
    sql`select private.begin_dispatch(${run}) as slot`,
  )
  return slot
}

/** Reports that a dispatcher is alive, and whether it has room for more. Returns false if its place was given to another. */
export async function sendHeartbeat(
  run: string,
  state: { hasRoom: boolean; isOver?: boolean },
): Promise<boolean> {
  const { is_kept } = await admin.one<{ is_kept: boolean }>(
    sql`select private.send_dispatcher_heartbeat(${run}, ${state.hasRoom}, ${state.isOver ?? false}) as is_kept`,
  )
  return is_kept
}

/**
 * Gives the place of a dispatcher to another that takes work, because this one only waits for its last answers.
 * Returns the place where it waits, or null if there is none: then it keeps its own.
 */
export async function beginDrain(run: string): Promise<number | null> {
  const [row] = await admin.query<{ slot: number | null }>(sql`select private.begin_drain(${run}) as slot`)
  return row?.slot ?? null
}

/** Starts another dispatcher if there is work and none is awake. */
export async function wakeIdleDispatcher(): Promise<void> {
  await admin.query(sql`select private.wake_idle_dispatcher()`)
}
