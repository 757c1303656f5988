-- Frameworks: the assessments that the product knows. What a tenant changes of one stands in framework_configs.

create table public.frameworks (
  framework_id text primary key,
  name text not null,
  description text not null,
  version int not null default 1,
  base jsonb not null,
  created_at timestamptz not null default now(),
  constraint framework_id_is_a_word check (framework_id ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
  constraint base_has_every_part check (jsonb_typeof(base) = 'object'
    and base ?& '{archetypes,voice,scoring,modes,landing,communications,results,providers}')
);
comment on table public.frameworks is 'The assessments that the product knows, each with the configuration that holds where a tenant says nothing else.';
comment on column public.frameworks.version is 'Grows when a migration changes the base.';

alter table public.frameworks enable row level security;
create policy "everyone signed in reads the frameworks" on public.frameworks
  for select to authenticated using (true);
grant select on public.frameworks to authenticated, service_role;

create function private.register_framework(framework_id text, name text, description text, base jsonb) returns void
  language sql
  set search_path = ''
as $$
  insert into public.frameworks as f (framework_id, name, description, base)
  values (register_framework.framework_id, register_framework.name, register_framework.description, register_framework.base)
  on conflict on constraint frameworks_pkey do update set
    version = f.version + case when f.base = excluded.base then 0 else 1 end,
    name = excluded.name, description = excluded.description, base = excluded.base
$$;
comment on function private.register_framework(text, text, text, jsonb) is
  'Adds a framework, or updates it. Each framework stands in a file of its own.';

select private.register_table('public.frameworks', plain => '{framework_id,name,description,base}', unaudited => 'changed by migrations only');
