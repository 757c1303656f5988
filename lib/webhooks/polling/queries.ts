import { type Db, sql } from '../../db/index.ts'
import { messageIdOf, signatureHeaders } from '../dispatch/deliver.ts'
import { readEndpointSecrets } from '../dispatch/queue.ts'
import type { AcknowledgeRequest, PolledMessages, PollRequest } from './schema.ts'

interface Row {
  event_id: string
  endpoint_id: string
  event_type: string
  payload: string
  created_at: Date
  attempt_number: number
  lease_id: string
  lease_until: Date
}

/**
 * The next messages of a polling endpoint, oldest first, each signed as a request would be. 404; 409
 * endpoint_disabled or not_a_polling_endpoint.
 */
export async function pollMessages(
  db: Db,
  tenantId: string,
  ref: string,
  { max_messages: maxMessages = 50, lease_seconds: leaseSeconds = 30 }: PollRequest,
): Promise<PolledMessages> {
  const rows = await db.query<Row>(sql`
    select event_id, private.ulid_to_uuid(${ref}) as endpoint_id, type as event_type, payload, created_at, attempt_number,
      lease_id, lease_until_at as lease_until
    from public.poll_webhook_deliveries(${tenantId}, private.ulid_to_uuid(${ref}), ${maxMessages}, ${leaseSeconds})`)
  const [first] = rows
  if (!first) return { messages: [], lease_id: null, lease_until: null }
  // The caller may get these messages signed, but may not read the secret that signs them.
  const [signing] = await readEndpointSecrets([first.endpoint_id])
  if (!signing) throw new Error('The endpoint was deleted while it was polled.')
  const messages = rows.map(({ event_id, event_type, attempt_number, created_at, payload }) => ({
    id: messageIdOf(event_id),
    event_type,
    attempt_number,
    created_at,
    headers: signatureHeaders(event_id, payload, signing.secrets),
    payload,
  }))
  return { messages, lease_id: first.lease_id, lease_until: first.lease_until }
}

/** Acknowledges messages and returns how many. A message whose lease was lost is not counted and comes again. */
export async function acknowledgeMessages(
  db: Db,
  tenantId: string,
  ref: string,
  { lease_id: lease, message_ids: ids }: AcknowledgeRequest,
): Promise<number> {
  const { acknowledged } = await db.one<{ acknowledged: number }>(sql`
    select public.acknowledge_webhook_deliveries(${tenantId}, private.ulid_to_uuid(${ref}), ${lease},
      array(select private.ulid_to_uuid(substr(id, 5)) from unnest(${ids}::text[]) as id)) as acknowledged`)
  return acknowledged
}
