-- Templates: in whose manner a bot speaks.

create type public.bot_tone as enum ('professional', 'friendly');

create table public.bot_templates (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  bot_id uuid not null,
  template_name text not null,
  description text not null default '',
  system_prompt text not null,
  conversation_context jsonb not null default '{}',
  tone public.bot_tone not null default 'friendly',
  max_response_length int not null default 1000,
  is_active boolean not null default true,
  is_default boolean not null default false,
  metadata jsonb not null default '{}',
  min_level int not null default 0,
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  constraint bot_templates_bot_fkey foreign key (tenant_id, bot_id) references public.bot_tenants (tenant_id, id) on delete cascade,
  constraint template_name_is_its_own unique (tenant_id, bot_id, template_name),
  constraint template_name_is_text check (length(btrim(template_name)) >= 1 and private.is_plain_text(template_name, 80)),
  constraint template_description_is_text check (private.is_plain_text(description, 500)),
  constraint system_prompt_is_text check (length(btrim(system_prompt)) >= 1 and private.is_plain_text(system_prompt, 8000)),
  constraint conversation_context_is_small check (jsonb_typeof(conversation_context) = 'object' and private.json_fits(conversation_context, 8192)),
  constraint response_length_in_range check (max_response_length between 20 and 4096),
  constraint default_template_is_active check (is_active or not is_default),
  constraint template_level_in_range check (min_level between 0 and 100),
  constraint default_template_is_for_everybody check (min_level = 0 or not is_default),
  constraint bot_template_metadata_is_small check (jsonb_typeof(metadata) = 'object' and private.json_fits(metadata, 8192))
);
create unique index bot_templates_ref_id_idx on public.bot_templates (tenant_id, ref_id) where ref_id is not null;
create unique index bot_templates_default_idx on public.bot_templates (tenant_id, bot_id) where is_default;
comment on table public.bot_templates is 'How a bot speaks: its instructions to a language model, the tone and the length of an answer.';
comment on column public.bot_templates.template_name is 'A template is used where the training data that fits best has a category of this name. Else the default one is.';
comment on column public.bot_templates.conversation_context is 'What the model is told as facts, besides the profile of the shop.';
comment on column public.bot_templates.max_response_length is 'How many characters an answer of the model may have.';
comment on column public.bot_templates.min_level is 'Only contacts with a subscription of this level or more are answered with it. 0: everybody.';
comment on column public.bot_templates.version is 'One more after each change, for people who edit at the same time.';
create trigger bot_templates_touch before update on public.bot_templates for each row execute function private.tg_touch_updated_at();
create trigger bot_templates_stamp_editor before insert or update on public.bot_templates for each row execute function private.tg_stamp_editor();

create function private.tg_count_bot_template_version() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  new.version := old.version + 1;
  return new;
end
$$;
create trigger bot_templates_count_version before update on public.bot_templates
  for each row execute function private.tg_count_bot_template_version();

-- A definer, because members may not lock the row of the bot. Two that become the default wait here for each other.
create function private.tg_one_default_template() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform from public.bot_tenants as b where b.tenant_id = new.tenant_id and b.id = new.bot_id for no key update;
  update public.bot_templates as t set is_default = false
  where t.tenant_id = new.tenant_id and t.bot_id = new.bot_id and t.is_default and t.id <> new.id;
  return new;
end
$$;
create trigger bot_templates_one_default before insert or update of is_default on public.bot_templates
  for each row when (new.is_default) execute function private.tg_one_default_template();

alter table public.bot_templates enable row level security;
create policy "members read their bots' templates" on public.bot_templates
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{bots:read}'))::uuid[]));
create policy "members create their bots' templates" on public.bot_templates
  for insert to authenticated with check (tenant_id = any ((select private.tenant_ids('write'))::uuid[]));
create policy "members update their bots' templates" on public.bot_templates
  for update to authenticated
  using (tenant_id = any ((select private.tenant_ids('write'))::uuid[]))
  with check (tenant_id = any ((select private.tenant_ids('write'))::uuid[]));
create policy "members delete their bots' templates" on public.bot_templates
  for delete to authenticated using (tenant_id = any ((select private.tenant_ids('write'))::uuid[]));
grant select, delete on public.bot_templates to authenticated;
grant insert (tenant_id, bot_id, template_name, description, system_prompt, conversation_context, tone, max_response_length, is_active, is_default, metadata, min_level),
  update (template_name, description, system_prompt, conversation_context, tone, max_response_length, is_active, is_default, metadata, min_level)
  on public.bot_templates to authenticated;
grant select, insert, update, delete on public.bot_templates to service_role;

create trigger bot_templates_take_place after insert on public.bot_templates
  for each row execute function private.tg_count_places('bot_templates', '1', 'ask');
create trigger bot_templates_vacate after delete on public.bot_templates
  for each row execute function private.tg_count_places('bot_templates', '-1');
select private.register_limit('bot_templates', 'Templates of all bots.',
  '{"trial": 10, "starter": 5, "professional": 10, "business": 50, "enterprise": 1000}', 'creating a template of a bot');

select private.register_table('public.bot_templates', quiet => '{version}', plain => '{template_name,description,system_prompt,conversation_context,metadata}');
