-- Control settings: what a bot may do, and how much of it.

create function private.is_stop_word(value text) returns boolean
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- The whole message, and not one that has the word in it: "Where does the bus stop?" is a question.
  select length(value) <= 40 and private.fold_text(value) in ('stop', 'stop all', 'stopall', 'unsubscribe', 'arret', 'arreter', 'desabonner', 'parar',
    'pare', 'cancelar suscripcion', 'abmelden', 'stopp', 'acha', 'simama')
$$;
comment on function private.is_stop_word(text) is 'Whether a contact wants to be written to no more.';
grant execute on function private.is_stop_word(text) to authenticated, service_role;

create function private.are_subscribe_words(words text[]) returns boolean
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- Whoever writes STOP or START means that, so no bot may take these words for its own.
  select cardinality(words) between 1 and 10 and not exists (
    select from unnest(words) as w
    where w is null or length(w) > 40 or private.fold_text(w) = '' or private.fold_text(w) = 'start' or private.is_stop_word(w)
      -- A number chooses a plan.
      or private.fold_text(w) ~ '^[0-9 ]+$')
$$;
comment on function private.are_subscribe_words(text[]) is 'Whether a contact may write these to be offered plans: 1 to 10 words of at most 40 characters.';
grant execute on function private.are_subscribe_words(text[]) to authenticated, service_role;

create table public.bot_control_settings (
  tenant_id uuid not null references public.tenants on delete cascade,
  bot_id uuid not null,
  is_bot_enabled boolean not null default true,
  enable_ai_responses boolean not null default true,
  enable_training_mode boolean not null default false,
  enable_auto_reply boolean not null default true,
  is_typing_shown boolean not null default true,
  log_conversations boolean not null default true,
  enable_payment_flow boolean not null default false,
  subscribe_words text[] not null default '{subscribe,jiunge}',
  max_messages_per_hour int not null default 1000,
  max_messages_per_user_per_day int not null default 100,
  escalation_email text,
  escalation_phone text,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, bot_id),
  constraint bot_control_settings_bot_fkey foreign key (tenant_id, bot_id) references public.bot_tenants (tenant_id, id) on delete cascade,
  constraint bot_hour_limit_in_range check (max_messages_per_hour between 1 and 100000),
  constraint bot_day_limit_in_range check (max_messages_per_user_per_day between 1 and 10000),
  constraint subscribe_words_are_words check (private.are_subscribe_words(subscribe_words)),
  constraint escalation_email_is_an_address check (private.is_email(escalation_email)),
  constraint escalation_phone_is_a_number check (escalation_phone ~ '^\+[1-9][0-9]{6,14}$'),
  constraint bot_settings_metadata_is_small check (jsonb_typeof(metadata) = 'object' and private.json_fits(metadata, 8192))
);
comment on table public.bot_control_settings is 'What a bot may do, and how much of it (1:1 with bot_tenants, made together with the bot).';
comment on column public.bot_control_settings.enable_training_mode is 'The bot answers only with its training data. What it does not know becomes a row without an answer.';
comment on column public.bot_control_settings.enable_auto_reply is 'Off: nobody is answered by the bot. Each message waits for a person.';
comment on column public.bot_control_settings.is_typing_shown is 'A contact sees that the bot has read the message, and that it is typing.';
comment on column public.bot_control_settings.log_conversations is 'Off: of a message that is settled, only the facts are kept: when, by whom, and which rule.';
comment on column public.bot_control_settings.enable_payment_flow is 'A contact who writes a word of subscribe_words is offered the plans of the bot, and pays by M-Pesa.';
comment on column public.bot_control_settings.subscribe_words is 'Each is a whole message. Case, accents and punctuation do not matter.';
comment on column public.bot_control_settings.max_messages_per_hour is 'How many messages the bot answers in an hour, of all contacts together.';
comment on column public.bot_control_settings.max_messages_per_user_per_day is 'How many messages of one contact it answers in a day of the tenant''s time zone.';
comment on column public.bot_control_settings.escalation_email is 'Who is told, besides the people of the tenant, when a contact waits for a person.';
create trigger bot_control_settings_touch before update on public.bot_control_settings for each row execute function private.tg_touch_updated_at();
create trigger bot_control_settings_stamp_editor before insert or update on public.bot_control_settings for each row execute function private.tg_stamp_editor();

-- A definer, because a new bot has settings from the first moment, whoever makes it.
create function private.tg_start_bot_settings() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  insert into public.bot_control_settings (tenant_id, bot_id) values (new.tenant_id, new.id) on conflict do nothing;
  return null;
end
$$;
create trigger bot_tenants_start_settings after insert on public.bot_tenants for each row execute function private.tg_start_bot_settings();

alter table public.bot_control_settings enable row level security;
create policy "members read their bots' settings" on public.bot_control_settings
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{bots:read}'))::uuid[]));
create policy "managers update their bots' settings" on public.bot_control_settings
  for update to authenticated
  using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]))
  with check (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
grant select, update (is_bot_enabled, enable_ai_responses, enable_training_mode, enable_auto_reply, is_typing_shown, log_conversations, enable_payment_flow, subscribe_words, max_messages_per_hour,
  max_messages_per_user_per_day, escalation_email, escalation_phone, metadata)
  on public.bot_control_settings to authenticated;
grant select, insert, update, delete on public.bot_control_settings to service_role;

select private.register_table('public.bot_control_settings', plain => '{metadata,subscribe_words}', personal => '{escalation_email,escalation_phone}',
  on_forget => 'keep', kept_because => 'Whom the shop itself tells. A manager changes it with the settings.');
