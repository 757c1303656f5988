-- Numbers: the WhatsApp number of a bot, and what Meta said of it.

create table public.bot_numbers (
  tenant_id uuid not null references public.tenants on delete cascade,
  bot_id uuid not null,
  whatsapp_phone_number_id text not null,
  whatsapp_business_account_id text not null,
  display_phone_number text,
  verified_name text,
  whatsapp_token_expires_at timestamptz,
  is_verified boolean not null default false,
  verified_at timestamptz,
  last_checked_at timestamptz,
  last_problem text,
  paused_at timestamptz,
  paused_reason text,
  access_token_secret_id uuid not null,
  app_secret_id uuid not null,
  verify_token_secret_id uuid not null,
  verify_token_hash bytea not null,
  verify_token_made_at timestamptz not null default now(),
  previous_verify_token_hash bytea,
  previous_verify_token_expires_at timestamptz,
  expiry_told_days int,
  verify_token_told_at timestamptz,
  revision uuid not null default private.uuid_v7(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, bot_id),
  constraint bot_numbers_bot_fkey foreign key (tenant_id, bot_id) references public.bot_tenants (tenant_id, id) on delete cascade,
  constraint phone_number_id_is_digits check (whatsapp_phone_number_id ~ '^[0-9]{5,30}$'),
  constraint business_account_id_is_digits check (whatsapp_business_account_id ~ '^[0-9]{5,30}$'),
  constraint display_phone_number_is_short check (private.is_plain_text(display_phone_number, 40)),
  constraint verified_name_is_short check (private.is_plain_text(verified_name, 200)),
  constraint verified_number_has_a_moment check (is_verified = (verified_at is not null)),
  constraint number_problem_is_a_word check (last_problem ~ '^[a-z][a-z_]{0,39}$'),
  constraint paused_for_a_reason check ((paused_at is null) = (paused_reason is null)),
  constraint pause_reason_is_a_word check (paused_reason ~ '^[a-z][a-z_]{0,39}$'),
  constraint previous_verify_token_ends check ((previous_verify_token_hash is null) = (previous_verify_token_expires_at is null))
);
comment on table public.bot_numbers is
  'The WhatsApp number of a bot, at most one. is_verified is true only after Meta was asked about exactly these ids. Tokens and the app secret are in Vault.';
comment on column public.bot_numbers.whatsapp_phone_number_id is 'Meta''s id of the number. Of the verified ones each is of one bot, over all tenants.';
comment on column public.bot_numbers.last_problem is 'What the last check found wrong. Null if all was well.';
comment on column public.bot_numbers.paused_reason is 'Why the bot sends nothing now, as token_invalid.';
comment on column public.bot_numbers.expiry_told_days is 'How many days before its end the access token was last told of.';
comment on column public.bot_numbers.revision is 'Changes with every change of the settings, so that a check of older ones cannot verify newer ones.';
-- Whoever only types a number in blocks nobody.
create unique index bot_numbers_verified_idx on public.bot_numbers (whatsapp_phone_number_id) where is_verified;
-- Meta calls a path that names the bot and not its tenant.
create index bot_numbers_bot_idx on public.bot_numbers (bot_id);
create index bot_numbers_last_checked_idx on public.bot_numbers (last_checked_at nulls first) where is_verified;
create index bot_numbers_expiry_idx on public.bot_numbers (whatsapp_token_expires_at) where whatsapp_token_expires_at is not null;
create index bot_numbers_old_verify_token_idx on public.bot_numbers (verify_token_made_at) where verify_token_told_at is null;
create trigger bot_numbers_touch before update on public.bot_numbers for each row execute function private.tg_touch_updated_at();
create trigger bot_numbers_stamp_editor before insert or update on public.bot_numbers for each row execute function private.tg_stamp_editor();
create trigger bot_numbers_drop_secrets after delete or update of access_token_secret_id, app_secret_id, verify_token_secret_id
  on public.bot_numbers
  for each row execute function private.tg_drop_secrets('access_token_secret_id', 'app_secret_id', 'verify_token_secret_id');

alter table public.bot_numbers enable row level security;
create policy "managers read their bots' numbers" on public.bot_numbers
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
create policy "managers remove their bots' numbers" on public.bot_numbers
  for delete to authenticated using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
-- Nobody may insert or update: ids, secrets and trust change together, in functions.
grant select (tenant_id, bot_id, whatsapp_phone_number_id, whatsapp_business_account_id, display_phone_number, verified_name,
    whatsapp_token_expires_at, is_verified, verified_at, last_checked_at, last_problem, paused_at, paused_reason, verify_token_made_at,
    previous_verify_token_expires_at, created_at, updated_at, created_by, updated_by), delete
  on public.bot_numbers to authenticated;
grant select on public.bot_numbers to service_role;

select private.register_table('public.bot_numbers',
  quiet => '{revision,last_checked_at,last_problem,expiry_told_days,verify_token_told_at}',
  -- The number and the name are those of a business, as Meta shows them to everybody.
  plain => '{whatsapp_phone_number_id,whatsapp_business_account_id,display_phone_number,verified_name,last_problem,paused_reason}',
  secret => '{access_token_secret_id,app_secret_id,verify_token_secret_id,verify_token_hash,previous_verify_token_hash}');
