-- Messages: what a contact wrote, what was answered, and why. One row for each message of WhatsApp.

create type public.message_direction as enum ('inbound', 'outbound');
create type public.bot_message_status as enum (
  -- In this order a message moves, and never back.
  'waiting',
  'unknown', -- it was sent, and WhatsApp has not answered; its status will tell
  'sent', 'delivered', 'read',
  'failed'
);
create type public.bot_message_source as enum ('contact', 'bot', 'person', 'api_key');

create table public.bot_messages (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  bot_id uuid not null,
  contact_id uuid not null,
  direction public.message_direction not null,
  source public.bot_message_source not null,
  kind text not null default 'text',
  whatsapp_message_id text,
  message_text text,
  raw_payload jsonb,
  occurred_at timestamptz not null default now(),
  -- Of what a contact wrote: what the bot did about it.
  begun_at timestamptz,
  settled_at timestamptz,
  outcome text,
  reason text,
  template_used text,
  training_data_ref text,
  llm_call_ref text,
  -- Of what is sent: what it answers, and how far it got.
  answers_id uuid,
  status public.bot_message_status,
  attempted_at timestamptz,
  error_code int,
  error_message text,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  constraint bot_messages_contact_fkey foreign key (tenant_id, bot_id, contact_id)
    references public.contacts (tenant_id, bot_id, id) on update cascade on delete cascade,
  constraint direction_goes_with_source check ((direction = 'inbound') = (source = 'contact')),
  constraint only_what_is_sent_has_a_status check ((direction = 'outbound') = (status is not null)),
  constraint message_kind_is_a_word check (kind ~ '^[a-z_]{1,40}$'),
  constraint wamid_is_short check (length(whatsapp_message_id) between 1 and 300 and whatsapp_message_id ~ '^[!-~]+$'),
  constraint message_text_is_short check (length(message_text) between 1 and 8192),
  constraint message_payload_is_small check (jsonb_typeof(raw_payload) = 'object' and private.json_fits(raw_payload, 65536)),
  constraint message_outcome_is_known check (outcome in ('answered', 'escalated', 'silent')),
  constraint settled_message_has_an_outcome check ((settled_at is null) = (outcome is null) and (outcome is null) = (reason is null)),
  constraint message_reason_is_a_word check (reason ~ '^[a-z_]{1,40}$'),
  constraint bot_messages_answers_fkey foreign key (tenant_id, answers_id) references public.bot_messages (tenant_id, id) on delete set null (answers_id),
  constraint template_used_is_short check (length(template_used) <= 200),
  constraint training_data_ref_is_one check (training_data_ref ~ '^[0-7][0-9A-HJKMNP-TV-Z]{25}$'),
  constraint llm_call_ref_is_one check (llm_call_ref ~ '^[0-7][0-9A-HJKMNP-TV-Z]{25}$'),
  constraint message_error_is_short check (length(error_message) <= 1000)
) with (fillfactor = 80);
create unique index bot_messages_ref_id_idx on public.bot_messages (tenant_id, ref_id) where ref_id is not null;
-- The inbox: whatever WhatsApp sends again is there already.
create unique index bot_messages_whatsapp_message_id_idx on public.bot_messages (tenant_id, bot_id, whatsapp_message_id)
  where whatsapp_message_id is not null;
create index bot_messages_contact_idx on public.bot_messages (tenant_id, bot_id, contact_id, id desc);
create index bot_messages_answers_idx on public.bot_messages (tenant_id, answers_id);
create index bot_messages_bot_idx on public.bot_messages (tenant_id, bot_id, id desc);
create index bot_messages_open_idx on public.bot_messages (tenant_id, contact_id, id) where direction = 'inbound' and settled_at is null;
create index bot_messages_created_at_idx on public.bot_messages using brin (created_at) with (autosummarize = on);
comment on table public.bot_messages is 'The messages of a bot, received and sent. conversations and bot_message_logs are two views of it.';
comment on column public.bot_messages.message_text is 'Null if it has no text, or if log_conversations is off and the message is settled.';
comment on column public.bot_messages.raw_payload is 'What a contact wrote, in WhatsApp''s own words.';
comment on column public.bot_messages.occurred_at is 'When the contact wrote it, by WhatsApp''s clock; or when it was written here.';
comment on column public.bot_messages.begun_at is 'When the bot first thought about it. It counts for the limits once.';
comment on column public.bot_messages.attempted_at is 'When an attempt to send it began whose end nobody knows yet.';

alter table public.bot_messages enable row level security;
create policy "members read their bots' messages" on public.bot_messages
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{bots:read}'))::uuid[]));
grant select on public.bot_messages to authenticated;
grant select, insert, update, delete on public.bot_messages to service_role;

create view public.conversations with (security_invoker = true) as
  select m.tenant_id, m.bot_id, m.ref_id, c.ref_id as contact, m.direction, m.raw_payload, m.message_text, m.whatsapp_message_id, m.occurred_at
  from public.bot_messages as m join public.contacts as c on c.tenant_id = m.tenant_id and c.id = m.contact_id;
comment on view public.conversations is 'What was said between a bot and its contacts.';

create view public.bot_message_logs with (security_invoker = true) as
  select m.tenant_id, m.bot_id, m.ref_id, c.ref_id as contact, m.direction, m.message_text, m.whatsapp_message_id,
    m.llm_call_ref is not null as ai_processed, a.message_text as ai_response, m.outcome, m.reason, m.template_used,
    m.training_data_ref as training_data_id, m.status, coalesce(m.error_message, a.error_message) as error_message, m.occurred_at
  from public.bot_messages as m
  join public.contacts as c on c.tenant_id = m.tenant_id and c.id = m.contact_id
  left join lateral (
    select o.message_text, o.error_message from public.bot_messages as o
    where o.tenant_id = m.tenant_id and o.answers_id = m.id order by o.id limit 1) as a on true;
comment on view public.bot_message_logs is 'What a bot did about each message, and which rule, row, template and model led to it.';
grant select on public.conversations, public.bot_message_logs to authenticated, service_role;

create function private.sweep_bot_messages(batch int default 5000) returns int
  language sql volatile
  set search_path = ''
as $$
  with gone as (
    delete from public.bot_messages as m where m.ctid = any (array(
      select o.ctid from public.bot_messages as o where o.created_at < now() - interval '2 years' limit batch for update skip locked))
    returning 1)
  select count(*)::int from gone
$$;
comment on function private.sweep_bot_messages(int) is 'Deletes messages that are older than two years. Returns how many.';
select cron.schedule('bots: delete old messages', '41 * * * *', 'select private.sweep_bot_messages()');

select private.register_table('public.bot_messages', plain => '{kind,outcome,reason,template_used,training_data_ref,llm_call_ref,whatsapp_message_id}',
  personal => '{message_text,raw_payload,error_message}', on_forget => 'keep', kept_because => 'What a contact of WhatsApp wrote goes with the contact, whom a manager forgets in the conversation.',
  unaudited => 'each message is a row of the log by itself');
