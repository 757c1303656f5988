import { admin, named, sql } from '../../db/index.ts'
import { type ItemResult, type LeasedItem, leaseSeconds } from '../../queue/index.ts'

/** A delivery that is ours until its lease ends. Its lane is the endpoint, its item the event. */
export interface LeasedDelivery extends LeasedItem {
  event_type: string
  event_version: number
  /** The exact text to sign and send. */
  payload: string
  endpoint_ref: string
  url: string
  /** Changes whenever the endpoint's secrets, headers or URL change. */
  revision: string
}

/** The result of a delivery: private.queue_result, and private.webhook_answer. */
export interface DeliveryResult extends ItemResult {
  outcome: 'succeeded' | 'failed'
  response_status: number | null
  response_body: string | null
  error_code: string | null
  error_detail: string | null
  stop_reason: 'asked' | 'gone' | null
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
      sql`select tenant_id, lane_id, item_id, lease_id, attempt_number, ordering_key, is_slow, event_type, event_version,
        payload, endpoint_ref, url, revision
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
