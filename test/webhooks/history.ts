import { superuser } from '../kit/db.ts'

/** A message, and what became of it at each endpoint, as if it had happened so many minutes ago. */
export interface Past {
  minutesAgo: number
  type?: string
  /** By the endpoint's ref_id. */
  at?: Record<string, 'pending' | 'delivered' | 'dead'>
}

/** Puts a history in place; answers the ids of the messages as the API shows them, in the same order. */
export async function makeHistory(tenantId: string, past: Past[]): Promise<string[]> {
  const { rows } = await superuser.query<{ id: string }>(
    `with past as (
       select *, private.uuid_v7_at((extract(epoch from now() - make_interval(secs => p."minutesAgo" * 60)) * 1000000)::bigint) as id
       from jsonb_to_recordset($2) as p ("minutesAgo" float, type text, at jsonb, n int)
     ), event as (
       insert into public.webhook_events (tenant_id, id, type, version, payload, created_at)
       select $1, p.id, p.type, 1, private.webhook_payload(p.type, now(), jsonb_build_object('n', p.n)), now() - make_interval(secs => p."minutesAgo" * 60)
       from past as p returning id
     ), delivery as (
       insert into public.webhook_deliveries (tenant_id, event_id, endpoint_id, status, attempt_count, ended_at)
       select $1, p.id, e.id, s.value::public.webhook_delivery_status, case s.value when 'pending' then 0 when 'dead' then 2 else 1 end,
         case when s.value <> 'pending' then now() end
       from past as p, jsonb_each_text(p.at) as s, public.webhook_endpoints as e where e.ref_id = s.key
       returning *
     ), item as (
       insert into private.queue_items (tenant_id, queue, lane_id, item_id, next_at)
       select tenant_id, 'webhooks', endpoint_id, event_id, 'infinity' from delivery where status = 'pending'
     ), attempt as (
       insert into public.webhook_attempts (tenant_id, id, event_id, endpoint_id, attempt_number, outcome, response_status, response_body, duration_ms, error_code, error_detail, created_at)
       select d.tenant_id, private.uuid_v7_at((extract(epoch from now() - make_interval(secs => p."minutesAgo" * 60 - a.n)) * 1000000)::bigint),
         d.event_id, d.endpoint_id, a.n, case d.status when 'dead' then 'failed' else 'succeeded' end::public.webhook_attempt_outcome,
         case d.status when 'dead' then 500 else 200 end, 'answer', 100 * a.n, case when d.status = 'dead' then 'status_500' end,
         case when d.status = 'dead' then 'The receiver answered 500.' end, now() - make_interval(secs => p."minutesAgo" * 60 - a.n)
       from delivery as d join past as p on p.id = d.event_id, generate_series(1, d.attempt_count) as a (n)
     )
     select 'msg_' || private.ulid(p.id) as id from past as p where (select count(*) from event) >= 0 order by p.n`,
    [
      tenantId,
      JSON.stringify(
        past.map(({ type, at, ...one }, n) => ({
          ...one,
          type: type ?? 'campaign.created',
          at: at ?? {},
          n,
        })),
      ),
    ],
  )
  return rows.map(({ id }) => id)
}
