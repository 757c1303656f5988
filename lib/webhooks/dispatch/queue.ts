import { admin, named, sql } from '../../db/index.ts'

/** A delivery that is ours until its lease ends. */
export interface LeasedDelivery {
  tenant_id: string
  event_id: string
  endpoint_id: string
  lease_id: string
  /** Which try of its schedule this is, from 1. */
  attempt_number: number
  ordering_key: string | null
  event_type: string
  event_version: number
  /** The exact text to sign and send. */
  payload: string
  endpoint_ref: string
  url: string
  /** Another one whenever the endpoint's secrets, headers or URL are. */
  revision: string
}

/** What came of it: private.webhook_result. */
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
  /** The receiver asks for a pause of so many seconds. */
  block_seconds: number | null
  /** The receiver asks not to be told again. */
  disable: 'asked' | 'gone' | null
}

/** What an endpoint's requests are signed with and sent with. */
export interface EndpointSecrets {
  endpoint_id: string
  revision: string
  /** The newest first; during a rotation there are two. */
  secrets: string[]
  headers: Record<string, string>
  /** When one of the secrets stops signing; null when none does. */
  good_until_at: Date | null
}

/**
 * How long a dispatcher may take from claiming to completing. More than the longest exchange and the
 * longest wait for a free place together; a delivery whose dispatcher died is claimed again after it.
 */
export const leaseSeconds = 90

// The service's own connection, on all of these: the queue is nobody's to read or write.

export async function expandEvents(batch: number): Promise<number> {
  const [row] = await admin.query<{ expanded: number }>(
    named('expand_webhook_events', sql`select private.expand_webhook_events(${batch}) as expanded`),
  )
  return row?.expanded ?? 0
}

export function claimDeliveries(batch: number): Promise<LeasedDelivery[]> {
  return admin.query<LeasedDelivery>(
    named(
      'claim_webhook_deliveries',
      sql`select tenant_id, event_id, endpoint_id, lease_id, attempt_number, ordering_key, event_type, event_version,
        payload, endpoint_ref, url, revision from private.claim_webhook_deliveries(${batch}, ${leaseSeconds})`,
    ),
  )
}

/** Answers how many were settled: one whose lease was lost is logged only. */
export async function completeDeliveries(results: DeliveryResult[], slot: number): Promise<number> {
  const [row] = await admin.query<{ completed: number }>(
    named(
      'complete_webhook_deliveries',
      sql`select private.complete_webhook_deliveries(${JSON.stringify(results)}, ${slot}) as completed`,
    ),
  )
  return row?.completed ?? 0
}

export function readEndpointSecrets(endpointIds: string[]): Promise<EndpointSecrets[]> {
  return admin.query<EndpointSecrets>(sql`
    select endpoint_id, revision, secrets, headers, good_until_at from private.read_webhook_secrets(${endpointIds})`)
}

/** A place for a dispatcher: null when one is awake already, or when all places are taken. */
export async function beginDispatch(run: string): Promise<number | null> {
  const [row] = await admin.query<{ slot: number | null }>(sql`select private.begin_dispatch(${run}) as slot`)
  return row?.slot ?? null
}

/** Says that a dispatcher lives, and whether it has room for more. False when its place was given to another. */
export async function keepDispatching(
  run: string,
  state: { hasRoom: boolean; isOver?: boolean },
): Promise<boolean> {
  const [row] = await admin.query<{ is_kept: boolean }>(
    sql`select private.keep_dispatching(${run}, ${state.hasRoom}, ${state.isOver ?? false}) as is_kept`,
  )
  return row?.is_kept ?? false
}

/** Has another dispatcher started if there is work and none is awake. */
export async function wakeIdleDispatcher(): Promise<void> {
  await admin.query(sql`select private.wake_idle_dispatcher()`)
}
