import { alongIndex, type Db, pageOf, type Sql, sql, ulidOf } from '../../db/index.ts'
import { messageIdOf } from '../dispatch/deliver.ts'
import { type Deliveries, type Delivery, type DeliveryQuery, deliveryOrder } from './schema.ts'

interface Key {
  event_id: string
  endpoint_id: string
}
/** No id of an event sorts behind it. */
const lastUuid = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
type Row = Omit<Delivery, 'message_id' | 'endpoint_id'> & Key

/** A page of a tenant's deliveries, those of the newest messages first. */
export async function listDeliveries(db: Db, tenantId: string, query: DeliveryQuery): Promise<Deliveries> {
  const { limit } = query
  return db.transaction(async (tx) => {
    const found = await readKeys(tx, tenantId, query, limit + 1)
    const { rows: keys, next_cursor } = pageOf(deliveryOrder, found, limit)
    const rows = await tx.query<Row>(sql`
      select event_id, endpoint_id, event_type, status, attempt_count, next_attempt_at, is_in_flight, ordering_key, ended_at, created_at
      from public.read_webhook_deliveries(${tenantId}, ${keys.map((key) => key.event_id)}, ${keys.map((key) => key.endpoint_id)})`)
    const deliveries = rows.map(({ event_id, endpoint_id, ...row }) => ({
      message_id: messageIdOf(event_id),
      endpoint_id: ulidOf(endpoint_id),
      ...row,
    }))
    return { deliveries, next_cursor }
  })
}

/** The deliveries of a page. Of those that are pending or dead, SQL knows where the few are among the many. */
async function readKeys(db: Db, tenantId: string, query: DeliveryQuery, rowCount: number): Promise<Key[]> {
  const { endpoint, message, status, event_type: type, since, until, cursor } = query
  const { event_id: event, endpoint_id: last } = cursor ?? {}
  if (message === undefined && (status === 'pending' || status === 'dead'))
    return db.query<Key>(sql`
      select event_id, endpoint_id from public.list_webhook_deliveries(tenant_id => ${tenantId},
        status => ${status}::public.webhook_delivery_status, endpoint => private.ulid_to_uuid(${endpoint}), event_type => ${type},
        before_event_id => ${event}, before_endpoint_id => ${last}, max_rows => ${rowCount},
        since => ${since}, until => ${until})`)
  if (message === undefined && type !== undefined)
    return db.query<Key>(alongIndex(readKeysOfType(tenantId, { ...query, event_type: type }, rowCount)))
  return db.query<Key>(
    alongIndex(sql`
    select d.event_id, d.endpoint_id
    from public.webhook_deliveries as d
    where d.tenant_id = ${tenantId}
      and (${endpoint}::text is null or d.endpoint_id = private.ulid_to_uuid(${endpoint}))
      and (${message}::text is null or d.event_id = private.ulid_to_uuid(substr(${message}, 5)))
      and (${status}::text is null or d.status = ${status}::public.webhook_delivery_status)
      and (${type}::text is null or (
        select e.type from public.webhook_events as e where e.tenant_id = ${tenantId} and e.id = d.event_id) = ${type})
      and (${since}::timestamptz is null or d.event_id >= private.first_uuid_at(${since}))
      and (${until}::timestamptz is null or d.event_id < private.first_uuid_at(${until}))
      and (${event}::uuid is null or (d.event_id, d.endpoint_id) < (${event}::uuid, ${last}::uuid))
    order by d.event_id desc, d.endpoint_id desc limit ${rowCount}`),
  )
}

/**
 * The deliveries of one event type. The planner would join the two tables in any order, and read all of both where its
 * statistics are old. Here each step is one look-up in an index.
 */
function readKeysOfType(
  tenantId: string,
  { endpoint, status, event_type: type, since, until, cursor }: DeliveryQuery & { event_type: string },
  rowCount: number,
): Sql {
  const { event_id: event, endpoint_id: last } = cursor ?? {}
  if (endpoint === undefined)
    return sql`
      select d.event_id, d.endpoint_id
      from (
        select e.id from public.webhook_events as e
        where e.tenant_id = ${tenantId} and e.type = ${type} and (${event}::uuid is null or e.id <= ${event})
          and (${since}::timestamptz is null or e.id >= private.first_uuid_at(${since}))
          and (${until}::timestamptz is null or e.id < private.first_uuid_at(${until}))
        order by e.id desc offset 0) as e
      cross join lateral (
        select d.event_id, d.endpoint_id from public.webhook_deliveries as d
        where d.tenant_id = ${tenantId} and d.event_id = e.id
          and (${status}::text is null or d.status = ${status}::public.webhook_delivery_status)
          and (${event}::uuid is null or (d.event_id, d.endpoint_id) < (${event}::uuid, ${last}::uuid))
        order by d.endpoint_id desc limit ${rowCount}) as d
      order by e.id desc, d.endpoint_id desc limit ${rowCount}`
  // An endpoint may have few deliveries and the type many events, or the other way round. So both are walked in turn:
  // from an event of the type to the endpoint's next delivery, and from there to the next event of the type.
  const wanted = sql`private.ulid_to_uuid(${endpoint})`
  return sql`
    with recursive walk (event_id, is_found) as (
      select coalesce(${event}::uuid, ${lastUuid}::uuid), false
      union all
      select d.event_id, d.event_id = e.id
      from walk as w
      cross join lateral (
        select e.id from public.webhook_events as e
        where e.tenant_id = ${tenantId} and e.type = ${type} and e.id <= w.event_id and not (w.is_found and e.id = w.event_id)
          and (${since}::timestamptz is null or e.id >= private.first_uuid_at(${since}))
          and (${until}::timestamptz is null or e.id < private.first_uuid_at(${until}))
        order by e.id desc limit 1) as e
      cross join lateral (
        select d.event_id from public.webhook_deliveries as d
        where d.tenant_id = ${tenantId} and d.endpoint_id = ${wanted} and d.event_id <= e.id
          and (${since}::timestamptz is null or d.event_id >= private.first_uuid_at(${since}))
          and (${status}::text is null or d.status = ${status}::public.webhook_delivery_status)
          and (${event}::uuid is null or (d.event_id, d.endpoint_id) < (${event}::uuid, ${last}::uuid))
        order by d.event_id desc limit 1) as d
    )
    select event_id, ${wanted} as endpoint_id from walk where is_found limit ${rowCount}`
}
