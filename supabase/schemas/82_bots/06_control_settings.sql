-- Control settings: what a bot may do, and how much of it.

create table public.bot_control_settings (
  tenant_id uuid not null references public.tenants on delete cascade,
  bot_id uuid not null,
  is_bot_enabled boolean not null default true,
  enable_ai_responses boolean not null default true,
  enable_training_mode boolean not null default false,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, bot_id),
  constraint bot_control_settings_bot_fkey foreign key (tenant_id, bot_id) references public.bot_tenants (tenant_id, id) on delete cascade,
  constraint bot_settings_metadata_is_small check (jsonb_typeof(metadata) = 'object' and private.json_fits(metadata, 8192))
);
comment on table public.bot_control_settings is 'What a bot may do, and how much of it (1:1 with bot_tenants, made together with the bot).';
comment on column public.bot_control_settings.enable_training_mode is 'The bot answers only with its training data. What it does not know becomes a row without an answer.';
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
grant select, update (is_bot_enabled, enable_ai_responses, enable_training_mode, metadata) on public.bot_control_settings to authenticated;
grant select, insert, update, delete on public.bot_control_settings to service_role;

select private.register_table('public.bot_control_settings', plain => '{metadata}');
