import type { Queue } from './world.ts'

/** The whole queue at one moment. Moments are seconds since 1970; null is never (of a delivery: it waits its turn). */
export interface Picture {
  now: number
  deliveries: Map<string, Delivery>
  endpoints: Map<string, EndpointState>
  events: Map<string, Event>
  tenants: Map<string, TenantState>
  outbox: string[]
}

export interface Delivery {
  tenant: string
  event: string
  endpoint: string
  key: string | null
  status: 'pending' | 'delivered' | 'dead'
  /** Whether it has an item in the queue. */
  isQueued: boolean
  attempts: number
  next: number | null
  lease: string | null
  logged: number
}

export interface EndpointState {
  id: string
  ref: string
  tenant: string
  kind: 'push' | 'poll'
  types: string[] | null
  isEnabled: boolean
  isArchived: boolean
  next: number | null
  blocked: number
  rateFree: number
  isCapped: boolean
  isSlow: boolean | null
  failures: number
}

/** A tenant's place in the queue. */
interface TenantState {
  id: string
  next: number | null
  isCapped: boolean
}

interface Event {
  id: string
  tenant: string
  type: string
  key: string | null
  isTest: boolean
  /** Of an operational event: the endpoint that it tells of. */
  about: string | null
}

interface Raw {
  now: number
  deliveries: Delivery[]
  endpoints: EndpointState[]
  tenants: TenantState[]
  events: Event[]
  outbox: string[]
}

export async function takePicture({ db }: Queue): Promise<Picture> {
  const { rows } = await db.query<{ picture: Raw }>(`
    select json_build_object(
      'now', extract(epoch from now()),
      'deliveries', (select coalesce(json_agg(json_build_object('tenant', d.tenant_id, 'event', d.event_id, 'endpoint', d.endpoint_id,
          'key', d.ordering_key, 'status', d.status, 'isQueued', i.item_id is not null,
          'attempts', coalesce(i.attempt_count, d.attempt_count), 'lease', i.lease_id,
          'next', case when isfinite(i.next_at) then extract(epoch from i.next_at) end,
          'logged', (select count(*) from public.webhook_attempts as a
            where a.tenant_id = d.tenant_id and a.event_id = d.event_id and a.endpoint_id = d.endpoint_id)) order by d.event_id), '[]')
        from public.webhook_deliveries as d left join private.queue_items as i
          on i.tenant_id = d.tenant_id and i.queue = 'webhooks' and i.lane_id = d.endpoint_id and i.item_id = d.event_id),
      'endpoints', (select coalesce(json_agg(json_build_object('id', p.id, 'ref', p.ref_id, 'tenant', p.tenant_id, 'kind', p.kind,
          'types', p.event_types, 'isEnabled', p.is_enabled, 'isArchived', t.status = 'archived',
          'next', case when isfinite(l.next_at) then extract(epoch from l.next_at) end,
          'blocked', case when isfinite(l.blocked_until_at) then extract(epoch from l.blocked_until_at) else 0 end,
          'rateFree', case when isfinite(l.rate_free_at) then extract(epoch from l.rate_free_at) else 0 end,
          'isCapped', l.is_capped, 'isSlow', l.is_slow, 'failures', l.failure_count) order by p.id), '[]')
        from public.webhook_endpoints as p
        join private.queue_lanes as l on l.lane_id = p.id
        join public.tenants as t on t.id = p.tenant_id),
      'tenants', (select coalesce(json_agg(json_build_object('id', q.tenant_id, 'isCapped', q.is_capped,
          'next', case when isfinite(q.next_at) then extract(epoch from q.next_at) end)), '[]')
        from private.queue_tenants as q),
      'events', (select coalesce(json_agg(json_build_object('id', e.id, 'tenant', e.tenant_id, 'type', e.type, 'key', e.ordering_key,
          'isTest', e.is_test, 'about', e.payload::json #>> '{data,endpoint_id}') order by e.id), '[]')
        from public.webhook_events as e),
      'outbox', (select coalesce(json_agg(o.event_id order by o.event_id), '[]') from private.webhook_outbox as o)) as picture`)
  const { now, deliveries, endpoints, tenants, events, outbox } = rows[0]!.picture
  return {
    now,
    outbox,
    deliveries: new Map(deliveries.map((delivery) => [nameOf(delivery), delivery])),
    endpoints: new Map(endpoints.map((endpoint) => [endpoint.id, endpoint])),
    tenants: new Map(tenants.map((tenant) => [tenant.id, tenant])),
    events: new Map(events.map((event) => [event.id, event])),
  }
}

export const nameOf = (delivery: { event: string; endpoint: string }) =>
  `${delivery.event} to ${delivery.endpoint}`

export const isLive = (delivery: Delivery, { now }: Picture) =>
  delivery.lease !== null && delivery.next! > now

/** Which deliveries there are of each endpoint and ordering key, in the order of their events. */
function byKey({ deliveries }: Picture): Map<string, Delivery[]> {
  const groups = new Map<string, Delivery[]>()
  for (const delivery of deliveries.values()) {
    if (delivery.key === null || delivery.status !== 'pending') continue
    const group = `${delivery.endpoint} ${delivery.key}`
    groups.set(group, [...(groups.get(group) ?? []), delivery])
  }
  return groups
}

/** What must hold of any queue at any moment, whatever led to it. Answers what does not. */
export function wrongIn(picture: Picture): string[] {
  const wrong: string[] = []
  for (const [name, { status, isQueued }] of picture.deliveries)
    if (isQueued !== (status === 'pending'))
      wrong.push(`${name}: ${status}, and ${isQueued ? 'queued' : 'not queued'}`)
  for (const [group, waiting] of byKey(picture)) {
    if (waiting.filter((delivery) => isLive(delivery, picture)).length > 1)
      wrong.push(`${group}: two live leases`)
    const runnable = waiting.filter(({ next }) => next !== null).length
    if (runnable !== 1) wrong.push(`${group}: ${runnable} of ${waiting.length} can run`)
  }
  const soonest = new Map<string, number>()
  for (const { status, endpoint, next } of picture.deliveries.values())
    if (status === 'pending' && next !== null)
      soonest.set(endpoint, Math.min(next, soonest.get(endpoint) ?? next))
  for (const [id, due] of soonest) {
    const { kind, isEnabled, isArchived, next, blocked, rateFree, isCapped } = picture.endpoints.get(id)!
    if (kind === 'poll' || !isEnabled || isArchived) continue
    // A capped queue looks again after half a second; a queue with a limit when its next requests are within it.
    const wakes = Math.max(
      due,
      blocked,
      isCapped ? picture.now + 0.5 : 0,
      rateFree > 0 ? Math.max(rateFree, picture.now + 0.05) : 0,
    )
    if (next === null || next > Math.max(wakes, picture.now) + 0.001)
      wrong.push(
        `${id}: asleep until ${next === null ? 'for ever' : next - picture.now}, due in ${due - picture.now}`,
      )
  }
  for (const { id, tenant, next } of picture.endpoints.values()) {
    const turn = picture.tenants.get(tenant)!
    // A capped tenant looks again after half a second.
    const wakes = Math.max(next ?? Number.POSITIVE_INFINITY, turn.isCapped ? picture.now + 0.5 : picture.now)
    if (next !== null && (turn.next === null || turn.next > wakes + 0.001))
      wrong.push(
        `${id}: due in ${next - picture.now}, its tenant ${turn.next === null ? 'never' : turn.next - picture.now}`,
      )
  }
  return wrong
}
