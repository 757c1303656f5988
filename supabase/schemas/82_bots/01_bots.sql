-- Bots: the assistants of a shop. Each answers its customers in its own words.

create type public.bot_ai_provider as enum (
  'openai', 'openrouter', 'huggingface',
  'custom' -- whatever speaks OpenAI's chat completions, at an address of its own
);

create function private.is_business_profile(profile jsonb) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  -- The size first, so that a large value costs nothing.
  return case when private.json_problem(profile, 40, 16384) is null and jsonb_typeof(profile) = 'object' then
    not exists (
      select from jsonb_each(profile) as f (name, value)
      where f.name !~ '^[a-z][a-z0-9_]{0,39}$' or jsonb_typeof(f.value) <> 'string' or not private.is_plain_text(f.value #>> '{}', 2000))
    else false end;
end
$$;
comment on function private.is_business_profile(jsonb) is
  'Whether it is an object of at most 40 texts of at most 2,000 characters, each with a name of lowercase letters, digits and _.';
grant execute on function private.is_business_profile(jsonb) to authenticated, service_role;

create table public.bot_tenants (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  client_name text not null,
  client_phone text,
  client_email text,
  point_of_contact_name text,
  point_of_contact_phone text,
  business_profile jsonb not null default '{}',
  ai_provider public.bot_ai_provider,
  ai_base_url text,
  ai_model text,
  ai_api_key_secret_id uuid,
  is_active boolean not null default false,
  switched_off_at timestamptz,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  constraint bot_name_is_text check (length(btrim(client_name)) >= 1 and private.is_plain_text(client_name, 200)),
  constraint bot_phone_is_a_number check (client_phone ~ '^\+[1-9][0-9]{6,14}$'),
  constraint bot_phone_is_its_own unique (tenant_id, client_phone),
  constraint bot_email_is_an_address check (private.is_email(client_email)),
  constraint bot_contact_is_text check (length(btrim(point_of_contact_name)) >= 1 and private.is_plain_text(point_of_contact_name, 200)),
  constraint bot_contact_phone_is_a_number check (point_of_contact_phone ~ '^\+[1-9][0-9]{6,14}$'),
  constraint business_profile_is_texts check (private.is_business_profile(business_profile)),
  constraint bot_model_is_whole check ((ai_provider is null) = (ai_base_url is null) and (ai_provider is null) = (ai_model is null)
    and (ai_provider is not null or ai_api_key_secret_id is null)),
  constraint bot_model_url_is_a_url check (length(ai_base_url) <= 500 and ai_base_url ~ '^https?://[^/?#@[:space:]]+(/[^?#[:space:]]*)?$'),
  constraint bot_model_is_text check (length(ai_model) between 1 and 255 and private.is_plain_text(ai_model, 255)),
  constraint bot_metadata_is_small check (jsonb_typeof(metadata) = 'object' and private.json_fits(metadata, 8192))
);
-- Partial: as a full key, a generated column would make every update lock out the row's children.
create unique index bot_tenants_ref_id_idx on public.bot_tenants (tenant_id, ref_id) where ref_id is not null;
comment on table public.bot_tenants is 'The bots of a tenant: for which shop each speaks, and which language model writes for it. The key of the model is in Vault.';
comment on column public.bot_tenants.business_profile is 'What the bot may say of the shop: hours, address, offers. Each name is a variable of the templates.';
comment on column public.bot_tenants.ai_provider is 'Null: the model of the tenant writes, or else that of the platform.';
comment on column public.bot_tenants.switched_off_at is 'When the plan had no place for it any more. It is on again when the plan has one.';
create trigger bot_tenants_touch before update on public.bot_tenants for each row execute function private.tg_touch_updated_at();
create trigger bot_tenants_stamp_editor before insert or update on public.bot_tenants for each row execute function private.tg_stamp_editor();
create trigger bot_tenants_drop_secrets after delete or update of ai_api_key_secret_id on public.bot_tenants
  for each row execute function private.tg_drop_secrets('ai_api_key_secret_id');

alter table public.bot_tenants enable row level security;
create policy "members read their tenant's bots" on public.bot_tenants
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{bots:read}'))::uuid[]));
create policy "managers create their tenant's bots" on public.bot_tenants
  for insert to authenticated with check (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
create policy "managers update their tenant's bots" on public.bot_tenants
  for update to authenticated
  using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]))
  with check (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
create policy "managers delete their tenant's bots" on public.bot_tenants
  for delete to authenticated using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
grant select, delete on public.bot_tenants to authenticated;
-- Nobody may write where the key of the model goes: address and key change together, in set_bot_model().
grant insert (tenant_id, client_name, client_phone, client_email, point_of_contact_name, point_of_contact_phone, business_profile, is_active, metadata),
  update (client_name, client_phone, client_email, point_of_contact_name, point_of_contact_phone, business_profile, is_active, metadata)
  on public.bot_tenants to authenticated;
grant select, insert, update, delete on public.bot_tenants to service_role;

create trigger bot_tenants_take_place after insert on public.bot_tenants
  for each row execute function private.tg_count_places('bot_tenants', '1', 'ask');
create trigger bot_tenants_vacate after delete on public.bot_tenants
  for each row execute function private.tg_count_places('bot_tenants', '-1');
create trigger bot_tenants_require_feature after insert on public.bot_tenants
  for each row execute function private.tg_require_feature('bots');

create function private.keep_bots(tenant uuid, places bigint) returns void
  language sql volatile
  set search_path = ''
as $$
  update public.bot_tenants as b set switched_off_at = case when not k.is_kept then now() end
  from (
    select o.id, coalesce(row_number() over (order by o.created_at, o.id) <= keep_bots.places, true) as is_kept
    from public.bot_tenants as o where o.tenant_id = keep_bots.tenant) as k
  where b.tenant_id = keep_bots.tenant and b.id = k.id and (b.switched_off_at is null) <> k.is_kept
$$;
comment on function private.keep_bots(uuid, bigint) is
  'Leaves so many bots on, the oldest first. Null leaves all. The others answer nobody.';

select private.register_limit('bot_tenants', 'Bots, active or not.',
  '{"trial": 2, "starter": 1, "professional": 2, "business": 5, "enterprise": 100}', 'creating a bot');
select private.register_feature('bots', 'Conversations with customers over WhatsApp.', asked_for => 'creating a bot, and any answer of one');
select private.register_switch('bot_tenants', 'keep_bots', feature => 'bots');


create function private.tg_emit_bot_events() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  subject public.bot_tenants := case tg_op when 'DELETE' then old else new end;
  data jsonb := jsonb_build_object('bot', jsonb_build_object('ref_id', subject.ref_id, 'client_name', subject.client_name, 'is_active', subject.is_active));
  ordering_key text := 'bot ' || subject.ref_id;
  changed text[];
begin
  case tg_op
    when 'INSERT' then
      perform private.emit_event(subject.tenant_id, 'bot.created', data, ordering_key, has_row_lock => true);
    when 'DELETE' then
      perform private.emit_event(subject.tenant_id, 'bot.deleted', data, ordering_key, has_row_lock => true);
    else
      changed := array_remove(private.changed_fields(to_jsonb(old), to_jsonb(new)), 'ai_api_key_secret_id');
      if changed <> '{}' then
        perform private.emit_event(subject.tenant_id, 'bot.updated', data || jsonb_build_object('changed', changed),
          ordering_key, has_row_lock => true);
      end if;
  end case;
  return null;
end
$$;
create trigger bot_tenants_write_event after insert or update or delete on public.bot_tenants
  for each row execute function private.tg_emit_bot_events();

select private.register_table('public.bot_tenants', plain => '{client_name,business_profile,ai_base_url,ai_model,metadata}',
  personal => '{client_phone,client_email,point_of_contact_name,point_of_contact_phone}', secret => '{ai_api_key_secret_id}',
  on_forget => 'keep', kept_because => 'How the shop of a bot is reached. A manager changes it with the bot.');

insert into private.api_scopes (scope, permission, description) values
  ('bots:read', 'read', 'Read the bots, their templates, training data, settings, plans, conversations and subscriptions.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);

select private.register_event_type('bot.created', 'A bot was created.',
  '{"bot": {"ref_id": "ref_id", "client_name": "text", "is_active": "flag"}}',
  '{"bot": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "client_name": "Kassangas Music Shop", "is_active": false}}');

select private.register_event_type('bot.updated', 'A bot was changed. The event has the names of the changed fields, and the bot as it is now.',
  '{"bot": {"ref_id": "ref_id", "client_name": "text", "is_active": "flag"}, "changed": "text[]"}',
  '{"bot": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "client_name": "Kassangas Music Shop", "is_active": true}, "changed": ["is_active"]}');

select private.register_event_type('bot.deleted', 'A bot was deleted, with its templates and its training data.',
  '{"bot": {"ref_id": "ref_id", "client_name": "text", "is_active": "flag"}}',
  '{"bot": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "client_name": "Kassangas Music Shop", "is_active": false}}');
