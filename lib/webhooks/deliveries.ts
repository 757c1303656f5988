import { type Db, sql, ulidOf } from '../db/index.ts'
import { cursorAfter } from './cursor.ts'
import { messageIdOf } from './deliver.ts'
import type { Delivery, DeliveryQuery } from './delivery-schema.ts'

type Row = Omit<Delivery, 'message_id' | 'endpoint_id'> & { event: string; endpoint: string }

/** A page of a tenant's deliveries, those of the newest messages first. */
export async function listDeliveries(
  db: Db,
  tenantId: string,
  { endpoint, message, status, event_type: type, limit = 50, cursor }: DeliveryQuery,
): Promise<{ deliveries: Delivery[]; next: string | null }> {
  const [event, last] = cursor ?? []
  const found = await db.query<Row>(sql`
    select d.event_id as event, d.endpoint_id as endpoint, e.type as event_type, d.status, d.attempt_count,
      case when d.status = 'pending' then nullif(d.next_at, 'infinity') end as next_attempt_at,
      d.lease_id is not null and d.next_at > now() as is_in_flight, d.ordering_key, d.ended_at, e.created_at
    from public.webhook_deliveries as d
    join public.webhook_events as e on e.tenant_id = d.tenant_id and e.id = d.event_id
    where d.tenant_id = ${tenantId} and e.tenant_id = ${tenantId}
      and (${endpoint}::text is null or d.endpoint_id = private.ulid_to_uuid(${endpoint}))
      and (${message}::text is null or d.event_id = private.ulid_to_uuid(substr(${message}, 5)))
      and (${status}::text is null or d.status = ${status}::public.webhook_delivery_status)
      and (${type}::text is null or e.type = ${type})
      and (${event}::uuid is null or (d.event_id, d.endpoint_id) < (${event}::uuid, ${last}::uuid))
    order by d.event_id desc, d.endpoint_id desc limit ${limit + 1}`)
  const end = found[limit - 1]
  const deliveries = found.slice(0, limit).map(({ event, endpoint, ...row }) => ({
    message_id: messageIdOf(event),
    endpoint_id: ulidOf(endpoint),
    ...row,
  }))
  return { deliveries, next: end && found.length > limit ? cursorAfter(end.event, end.endpoint) : null }
}
