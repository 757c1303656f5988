-- The inbox: what providers told us, verified before it came here.

create table private.payment_events (
  provider public.payment_provider not null,
  event_id text not null,
  -- Another id in a header that nobody signed would otherwise make a second event of the same words.
  body_hash bytea not null,
  body bytea,
  fact jsonb,
  outcome text,
  received_at timestamptz not null default now(),
  settled_at timestamptz,
  primary key (provider, event_id),
  constraint one_row_a_body unique (provider, body_hash),
  constraint payment_event_id_is_short check (length(event_id) between 1 and 255),
  constraint fact_is_a_small_object check (fact is null or jsonb_typeof(fact) = 'object' and private.json_fits(fact, 8192)),
  constraint settled_has_an_outcome check ((settled_at is null) = (outcome is null)),
  constraint outcome_is_known check (outcome in ('ignored', 'unknown_order', 'nothing_new', 'applied'))
);
comment on table private.payment_events is
  'Every event of a provider, once. The raw bytes are kept for 30 days. A fact is what the event says about an order; null if it says nothing of ours.';
create index payment_events_open_idx on private.payment_events (received_at) where settled_at is null;
create index payment_events_received_at_idx on private.payment_events (received_at) where body is not null;

-- A definer, as the function that settles: not even the service may write these tables directly.
create function private.receive_payment_event(provider public.payment_provider, event_id text, body bytea, fact jsonb) returns text
  language sql volatile security definer
  set search_path = ''
as $$
  with received as (
    insert into private.payment_events (provider, event_id, body_hash, body, fact)
    values (receive_payment_event.provider, receive_payment_event.event_id, sha256(receive_payment_event.body),
      receive_payment_event.body, receive_payment_event.fact)
    -- Without a target: the id or the words may be known.
    on conflict do nothing
    returning payment_events.event_id
  )
  select r.event_id from received as r
  union all
  -- The id under which it was received first. It may be open still, if settling it failed.
  select e.event_id from private.payment_events as e
  where e.provider = receive_payment_event.provider
    and (e.event_id = receive_payment_event.event_id or e.body_hash = sha256(receive_payment_event.body))
  limit 1
$$;
comment on function private.receive_payment_event(public.payment_provider, text, bytea, jsonb) is
  'Stores an event whose signature was verified, and returns the id under which it stands. Receiving it again changes nothing. Null if another receives it in this moment.';

create function private.settle_waiting_payment_events(batch int default 100) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  waiting record;
  settled_count int := 0;
begin
  for waiting in
    select e.provider, e.event_id from private.payment_events as e
    where e.settled_at is null and e.received_at <= now() - interval '1 minute'
    order by e.received_at limit batch
  loop
    begin
      perform private.settle_payment_event(waiting.provider, waiting.event_id);
      settled_count := settled_count + 1;
    exception when others then
      -- One that fails must not keep the others waiting. It is tried again, and the log says why it failed.
      raise warning 'The payment event % of % was not settled: %', waiting.event_id, waiting.provider, sqlerrm;
    end;
  end loop;
  return settled_count;
end
$$;
comment on function private.settle_waiting_payment_events(int) is
  'Settles events that were received and not settled, because the function that received them was stopped. Returns how many.';

create function private.forget_payment_bodies(batch int default 5000) returns int
  language sql volatile
  set search_path = ''
as $$
  with old as (
    select e.provider, e.event_id from private.payment_events as e
    where e.body is not null and e.settled_at is not null and e.received_at <= now() - interval '30 days'
    order by e.received_at limit batch
  ), forgotten as (
    update private.payment_events as e set body = null from old as o
    where e.provider = o.provider and e.event_id = o.event_id returning 1
  )
  select count(*)::int from forgotten
$$;
comment on function private.forget_payment_bodies(int) is
  'Removes the raw bytes of events that arrived 30 days ago, because they hold what the payer typed. The id and the hash stay, so that a replay is still known.';

select cron.schedule('usage: settle payment events that wait', '* * * * *', 'select private.settle_waiting_payment_events()');
select cron.schedule('usage: forget the bytes of payment events', '47 3 * * *', 'select private.forget_payment_bodies()');

select private.register_table('private.payment_events', plain => '{event_id,fact,outcome}', personal => '{body}', secret => '{body_hash}',
  on_forget => 'keep', kept_because => 'The provider''s own words prove what was paid. They are removed after 30 days.',
  unaudited => 'an inbox that belongs to no tenant; what it changes has rows in the log');
