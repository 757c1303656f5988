-- Jobs: one for each message that leaves the application, from the transaction of what it tells of until it is settled.

create type private.notification_job_status as enum (
  -- These five in the order in which a job moves, and never back.
  'pending',
  'unknown',     -- a message to a telephone, of which nobody knows; a second one would cost money
  'sent',
  'delivered',   -- the provider says that it arrived
  'failed',      -- it never will be sent, or it came back
  'suppressed',  -- nothing goes to this address
  'skipped'      -- whoever it was for has left meanwhile, or development sends to nobody
);

create table private.notification_jobs (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  channel public.notification_channel not null default 'email',
  type text not null,
  template text not null,
  template_version int,
  words jsonb,
  user_id uuid,
  address text,
  locale text not null default 'en',
  is_critical boolean not null default false,
  data jsonb not null default '{}',
  status private.notification_job_status not null default 'pending',
  idempotency_key text not null,
  batch_key text,
  -- 122 random bits: whoever holds the mail can end such mails.
  unsubscribe_token uuid not null default gen_random_uuid(),
  due_at timestamptz not null default now(),
  queued_at timestamptz,
  -- When an attempt to reach a telephone began. It stays until that attempt is known to have sent nothing.
  begun_at timestamptz,
  provider text,
  provider_id uuid,
  message_id text,
  error text,
  created_at timestamptz not null default now(),
  settled_at timestamptz,
  primary key (tenant_id, id),
  constraint job_is_for_one check ((user_id is null) <> (address is null)),
  constraint job_address_is_normal check (length(address) <= 320 and address = private.fold_email(address) and address ~ '^[!-~]+$'),
  constraint job_number_is_e164 check (channel = 'email' or address ~ '^\+[1-9][0-9]{6,14}$'),
  constraint job_data_is_small check (jsonb_typeof(data) = 'object' and private.json_fits(data, 65536)),
  constraint job_words_are_small check (jsonb_typeof(words) = 'object' and private.json_fits(words, 262144)),
  constraint job_key_is_short check (length(idempotency_key) between 1 and 200 and length(batch_key) between 1 and 200),
  constraint job_error_is_short check (length(error) <= 1000),
  constraint settled_has_a_moment check ((status = 'pending') = (settled_at is null))
) with (fillfactor = 80);
comment on table private.notification_jobs is
  'Every message that leaves the application: to whom, of which template, and what became of it. Written in the transaction of what it tells of.';
comment on column private.notification_jobs.address is 'Of somebody outside. A member''s is looked up when it is sent: it may be another by then, or none that counts.';
comment on column private.notification_jobs.provider_id is 'Whose settings sent it. Only their callbacks say what became of it.';
comment on column private.notification_jobs.message_id is 'How the provider names it in its callbacks.';
comment on column private.notification_jobs.data is 'The values of the template. Emptied once the job is settled, because it may hold the link of an invitation.';
comment on column private.notification_jobs.words is
  'Words of this one mail, in the place of those of its template: {"version", "subject", "body_html", "body_text", "variables"}. Emptied once the job is settled.';
comment on column private.notification_jobs.queued_at is 'When a dispatcher put it into the queue. From then on nothing is added to a digest.';
comment on column private.notification_jobs.batch_key is 'What is told of one key to one person until due_at is one message.';
comment on column private.notification_jobs.template_version is 'The version of the words that were sent.';
create unique index notification_jobs_key_idx on private.notification_jobs (tenant_id, channel, (coalesce(user_id::text, address)), idempotency_key);
create index notification_jobs_unsubscribe_token_idx on private.notification_jobs (unsubscribe_token);
-- The window of a digest is its job: whoever adds to it, and whoever closes it, locks this one row.
create unique index notification_jobs_window_idx on private.notification_jobs (tenant_id, channel, user_id, batch_key)
  where batch_key is not null and queued_at is null and status = 'pending';
create index notification_jobs_waiting_idx on private.notification_jobs (tenant_id, due_at) where queued_at is null and status = 'pending';
create index notification_jobs_due_at_idx on private.notification_jobs (due_at) where queued_at is null and status = 'pending';
create index notification_jobs_message_id_idx on private.notification_jobs (provider_id, message_id) where message_id is not null;
create index notification_jobs_settled_at_idx on private.notification_jobs using brin (settled_at) with (autosummarize = on);

create function private.add_to_digest(held jsonb, added jsonb) returns jsonb
  language sql immutable
  set search_path = ''
as $$
  -- Twenty lines, as many as anybody reads. The others are counted, and stand in the application.
  select jsonb_build_object('count', h.count + 1, 'message', added -> 'message',
    'messages', h.messages || case when h.count < 20 then E'\n' || left(added ->> 'message', 190) else '' end)
  from (select coalesce((held ->> 'count')::int, 1) as count, coalesce(held ->> 'messages', left(held ->> 'message', 190)) as messages) as h
$$;
comment on function private.add_to_digest(jsonb, jsonb) is 'The values of a digest with one more message, made of those that it held.';

-- For those who are no members, or not yet: nobody else is written to by an address that somebody gave.
create function private.message_address(
  tenant uuid, channel public.notification_channel, address text, template text, data jsonb, idempotency_key text,
  locale text default null, is_critical boolean default false, type text default null, words jsonb default null
) returns uuid
  language plpgsql
  set search_path = ''
as $$
declare
  recipient text := case when channel = 'email' then private.normalize_email(address) else address end;
  made uuid;
begin
  insert into private.notification_jobs (tenant_id, channel, type, template, address, locale, is_critical, data, idempotency_key, words)
  select t.id, message_address.channel, coalesce(message_address.type, message_address.template), message_address.template, recipient,
    coalesce(message_address.locale, t.locale), message_address.is_critical, message_address.data, message_address.idempotency_key,
    message_address.words
  from public.tenants as t
  where t.id = message_address.tenant and t.status <> 'archived' and current_setting('tenantry.is_restoring', true) is distinct from 'on'
  on conflict do nothing
  returning id into made;
  return made;
end
$$;
comment on function private.message_address(uuid, public.notification_channel, text, text, jsonb, text, text, boolean, text, jsonb) is
  'Sends a template, or other words in its place, to an address or a number (as E.164 has it), if and only if this transaction commits. A key counts once for each channel and address. Returns the id of the job, or null if there is nothing new to send.';

create function private.mail_address(
  tenant uuid, address text, template text, data jsonb, idempotency_key text, locale text default null, is_critical boolean default false
) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  perform private.message_address(tenant, 'email', address, template, data, idempotency_key, locale, is_critical);
end
$$;
comment on function private.mail_address(uuid, text, text, jsonb, text, text, boolean) is
  'Mails a template to an address, if and only if this transaction commits. A key counts once for each address.';

create function private.sweep_notification_jobs(batch int default 5000) returns int
  language sql volatile
  set search_path = ''
as $$
  with swept as (
    delete from private.notification_jobs as j where j.ctid = any (array(
      select o.ctid from private.notification_jobs as o where o.settled_at < now() - interval '180 days' limit batch for update skip locked))
    returning 1
  )
  select count(*)::int from swept
$$;
comment on function private.sweep_notification_jobs(int) is 'Removes jobs 180 days after they were settled, at most one batch. Returns how many.';
select cron.schedule('notifications: remove old jobs', '*/10 * * * *', 'select private.sweep_notification_jobs()');

select private.register_table('private.notification_jobs', keeping => 'history',
  plain => '{type,template,locale,idempotency_key,batch_key,provider,message_id,error,words}', personal => '{address}', secret => '{data}',
  person => 'address', on_forget => 'delete', unaudited => 'each attempt has a row in the dispatch log');
