-- Callbacks: what providers say became of messages, each once.

create type private.callback_feedback as enum (
  'hard',        -- there is no such mailbox or number
  'soft',        -- it came back, and may not the next time
  'complaint',   -- it was reported as spam
  'unsubscribed' -- its reader told the provider to send nothing more
);

create table private.notification_callbacks (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  job_id uuid not null,
  provider_id uuid not null,
  event_id text not null,
  channel public.notification_channel not null,
  status private.notification_job_status,
  feedback private.callback_feedback,
  address text,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  -- An event counts once for as long as there is its job. Without its job it counts for nothing.
  foreign key (tenant_id, job_id) references private.notification_jobs on delete cascade,
  constraint one_for_each_event unique (tenant_id, provider_id, event_id),
  constraint event_id_is_short check (length(event_id) between 1 and 300),
  constraint callback_address_is_normal check (length(address) <= 320 and address = private.fold_email(address) and address ~ '^[!-~]+$')
);
comment on table private.notification_callbacks is
  'What providers said became of messages. Written only after the provider''s signature was verified, and only for jobs that its settings sent.';
comment on column private.notification_callbacks.address is 'Where the message could not go. Null for everything else.';
create index notification_callbacks_job_idx on private.notification_callbacks (tenant_id, job_id);
create index notification_callbacks_soft_idx on private.notification_callbacks (tenant_id, channel, address, created_at) where feedback = 'soft';

create function private.read_callback_provider(provider_ref text)
  returns table (tenant_id uuid, id uuid, channel public.notification_channel, provider public.notification_provider, config jsonb,
    secret text, callback_secret text)
  language sql stable
  set search_path = ''
as $$
  -- Also while it is switched off: what it sent before is still under way. Subqueries, or Postgres may decrypt every secret.
  select p.tenant_id, p.id, p.channel, p.provider, p.config,
    (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = p.config_secret_id),
    (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = p.callback_secret_id)
  from public.notification_providers as p join public.tenants as t on t.id = p.tenant_id and t.status <> 'archived'
  where p.id = private.ulid_to_uuid(provider_ref)
$$;
comment on function private.read_callback_provider(text) is 'What a callback to these settings is verified with.';

create function private.heed_feedback(tenant uuid, channel public.notification_channel, address text, feedback private.callback_feedback) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  case feedback
    when 'hard' then
      perform private.suppress(tenant, channel, address, 'bounced');
    when 'complaint' then
      perform private.suppress(tenant, channel, address, 'complained');
    when 'unsubscribed' then
      perform private.suppress(tenant, channel, address, 'unsubscribed');
    when 'soft' then
      if (select count(*) from private.notification_callbacks as c
          where c.tenant_id = heed_feedback.tenant and c.channel = heed_feedback.channel and c.address = heed_feedback.address
            and c.feedback = 'soft' and c.created_at > now() - interval '7 days') >= 3 then
        perform private.suppress(tenant, channel, address, 'bounced', now() + interval '14 days');
      end if;
  end case;
end
$$;
comment on function private.heed_feedback(uuid, public.notification_channel, text, private.callback_feedback) is
  'Suppresses an address: at once if it does not exist or its reader wants nothing more, and for 14 days after three soft bounces in 7 days.';

create function private.take_notification_callbacks(
  provider_tenant uuid, provider_id uuid, events jsonb, out applied int, out duplicate int, out ignored int
)
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  given record;
  event_row uuid;
begin
  applied := 0;
  duplicate := 0;
  ignored := jsonb_array_length(events);
  for given in
    select e.event_id, e.status::private.notification_job_status as status, e.feedback::private.callback_feedback as feedback,
      case when e.feedback is not null and length(e.address) <= 320 and e.address ~ '^[!-~]+$' then private.fold_email(e.address) end as address, e.detail, j.tenant_id, j.id as job_id, j.channel
    from rows from (jsonb_to_recordset(events)
      as (event_id text, job_tenant uuid, job_id uuid, message_id text, status text, feedback text, address text, detail text))
      with ordinality as e (event_id, job_tenant, job_id, message_id, status, feedback, address, detail, n)
    cross join lateral (
      select o.tenant_id, o.id, o.channel from private.notification_jobs as o
      where e.job_id is not null and o.tenant_id = e.job_tenant and o.id = e.job_id and (
        o.provider_id = take_notification_callbacks.provider_id
        -- The callback came before the dispatcher had said who sent it. The platform's provider sends for everybody.
        or o.provider_id is null and provider_tenant in (o.tenant_id, private.platform_tenant_id()))
      union all
      select o.tenant_id, o.id, o.channel from private.notification_jobs as o
      where e.job_id is null and o.provider_id = take_notification_callbacks.provider_id and o.message_id = e.message_id
      limit 1) as j
    join public.notification_providers as p
      on p.tenant_id = provider_tenant and p.id = take_notification_callbacks.provider_id and p.channel = j.channel
    -- Two calls at once lock in one order.
    order by j.tenant_id, j.id, e.n
  loop
    ignored := ignored - 1;
    perform from private.notification_jobs as j where j.tenant_id = given.tenant_id and j.id = given.job_id for update;
    insert into private.notification_callbacks (tenant_id, job_id, provider_id, event_id, channel, status, feedback, address)
    values (given.tenant_id, given.job_id, take_notification_callbacks.provider_id, given.event_id, given.channel, given.status, given.feedback,
      given.address)
    on conflict on constraint one_for_each_event do nothing
    returning id into event_row;
    if event_row is null then
      duplicate := duplicate + 1;
      continue;
    end if;
    applied := applied + 1;
    -- The states stand in the order in which a job moves. suppressed and skipped come after all of these.
    update private.notification_jobs as j set
      status = given.status, settled_at = coalesce(j.settled_at, now()), data = '{}', words = null,
      provider_id = coalesce(j.provider_id, take_notification_callbacks.provider_id),
      error = case when given.status = 'failed' then left(given.detail, 1000) end
    where j.tenant_id = given.tenant_id and j.id = given.job_id and j.status < given.status;
    if given.address is not null then
      perform private.heed_feedback(given.tenant_id, given.channel, given.address, given.feedback);
    end if;
  end loop;
end
$$;
comment on function private.take_notification_callbacks(uuid, uuid, jsonb) is
  'Takes verified events of a provider: each once, and only for jobs that these settings sent. A job moves only forward. Returns how many were new, how many had been taken before, and how many are about other messages.';

select private.register_table('private.notification_callbacks', keeping => 'history', plain => '{event_id}', personal => '{address}',
  person => 'address', on_forget => 'erase', unaudited => 'what providers said of messages, not what anybody changed');
