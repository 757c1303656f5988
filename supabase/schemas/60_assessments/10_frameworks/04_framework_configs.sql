-- Framework configs: what a tenant changes of a framework, its versions, and the way back.

create function private.config_fits(config jsonb) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
declare
  most_values constant int := 10000;
  small constant text[] := '{voice_overrides,landing_overrides,results_display,providers}';
  large constant text[] := '{archetype_overrides,scoring_overrides,mode_overrides,communications,test_clients}';
  part text;
  stored_size int := 0;
  value_count int := 0;
begin
  if jsonb_typeof(config) <> 'object' then
    return false;
  end if;
  -- A number costs a microsecond below, and a megabyte has half a million. So those that are too many are only counted, and
  -- not further than the part with which they are. What is as small as this has never too many.
  if pg_column_size(config) > 65536 then
    foreach part in array small || large
    loop
      if pg_column_size(config -> part) > 4 * (case when part = any (small) then 65536 else 262144 end) + 1000 then
        return false;
      end if;
      stored_size := stored_size + coalesce(pg_column_size(config -> part), 0);
      value_count := value_count + coalesce(jsonb_array_length(jsonb_path_query_array(config -> part, 'strict $.**.type()')), 0);
      if value_count > most_values then
        return false;
      end if;
    end loop;
    -- What is in none of the parts is not even copied.
    if pg_column_size(config) > stored_size + 1000 then
      return false;
    end if;
  end if;
  return config - (small || large) = '{}' and not private.has_long_number(config) and not exists (
    select from jsonb_each(config) as c
    where octet_length(c.value::text) > case when c.key = any (small) then 65536 else 262144 end);
end
$$;
comment on function private.config_fits(jsonb) is 'Whether each part of a framework config is small enough, all together have at most 10,000 values, and none is there that a config does not have.';
grant execute on function private.config_fits(jsonb) to service_role;

-- Asked before a config is stored, because a constraint that fails writes out the whole row, with each digit of its numbers.
create function private.require_small_config(config jsonb) returns void
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  if (case when pg_column_size(config) > 65536 then not private.config_fits(config) else private.has_long_number(config) end) then
    perform private.raise_problem(422, 'invalid_value', 'The configuration is too large.',
      '[{"pointer": "", "detail": "has a part that is too large, or too many values: each part may have 64 or 256 KiB, and all together 10,000 values"}]');
  end if;
end
$$;
comment on function private.require_small_config(jsonb) is
  'Refuses what config_fits() refuses, if it is large or has numbers that are. 422 invalid_value.';
grant execute on function private.require_small_config(jsonb) to service_role;

create table public.framework_configs (
  tenant_id uuid not null references public.tenants on delete cascade,
  framework_id text not null references public.frameworks on delete restrict,
  archetype_overrides jsonb not null default '{}',
  voice_overrides jsonb not null default '{}',
  scoring_overrides jsonb not null default '{}',
  mode_overrides jsonb not null default '{}',
  landing_overrides jsonb not null default '{}',
  communications jsonb not null default '{}',
  results_display jsonb not null default '{}',
  providers jsonb not null default '{}',
  test_clients jsonb not null default '[]',
  version int not null default 0,
  reason text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, framework_id),
  constraint config_reason_is_text check (private.is_plain_text(reason, 500)),
  constraint config_is_small check (private.config_fits(jsonb_build_object('archetype_overrides', archetype_overrides,
    'voice_overrides', voice_overrides, 'scoring_overrides', scoring_overrides, 'mode_overrides', mode_overrides,
    'landing_overrides', landing_overrides, 'communications', communications, 'results_display', results_display,
    'providers', providers, 'test_clients', test_clients)))
);
comment on table public.framework_configs is 'What a tenant changes of a framework. Objects are merged into the base, lists replace its lists, and null removes.';
comment on column public.framework_configs.version is 'Grows by one with each change. 0 is the base alone.';
create index framework_configs_framework_id_idx on public.framework_configs (framework_id);
create trigger framework_configs_touch before update on public.framework_configs for each row execute function private.tg_touch_updated_at();
create trigger framework_configs_stamp_editor before insert or update on public.framework_configs for each row execute function private.tg_stamp_editor();

alter table public.framework_configs enable row level security;
create policy "members read their tenant's framework configs" on public.framework_configs
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
-- Nobody else writes: the edge function checks what the resolved configuration would be.
grant select on public.framework_configs to authenticated;
grant select, insert, update, delete on public.framework_configs to service_role;

create table public.framework_config_snapshots (
  tenant_id uuid not null,
  framework_id text not null,
  version int not null,
  full_config jsonb not null,
  diff jsonb not null,
  reason text,
  restored_version int,
  snapshot_by uuid,
  snapshot_at timestamptz not null default now(),
  primary key (tenant_id, framework_id, version),
  foreign key (tenant_id, framework_id) references public.framework_configs on delete cascade
);
comment on table public.framework_config_snapshots is 'Each version of a tenant''s framework config, the newest 50.';
comment on column public.framework_config_snapshots.full_config is 'The nine columns of this version.';
comment on column public.framework_config_snapshots.diff is 'From the version before to this one (RFC 6902).';
comment on column public.framework_config_snapshots.restored_version is 'The version that this one brought back.';

alter table public.framework_config_snapshots enable row level security;
create policy "members read their tenant's config snapshots" on public.framework_config_snapshots
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
grant select on public.framework_config_snapshots to authenticated;
grant select on public.framework_config_snapshots to service_role;
create trigger framework_config_snapshots_refuse_change before update on public.framework_config_snapshots
  for each row execute function private.tg_refuse_change();

-- A definer, because nobody else writes snapshots.
create function private.save_framework_config(
  tenant uuid, framework text, expected_version int, config jsonb, diff jsonb, reason text default null, restored_version int default null
) returns public.framework_configs
  language plpgsql security definer
  set search_path = ''
as $$
declare
  max_snapshots constant int := 50;
  head public.framework_configs;
begin
  if not exists (select from public.frameworks as f where f.framework_id = framework) then
    perform private.raise_problem(404, 'framework_not_found', 'There is no framework with this name.');
  end if;
  perform private.require_feature(tenant, 'assessments');
  perform private.require_small_config(config);
  select * into head from public.framework_configs as c
  where c.tenant_id = tenant and c.framework_id = framework for update;
  if not found then
    insert into public.framework_configs (tenant_id, framework_id) values (tenant, framework) on conflict do nothing;
    select * into head from public.framework_configs as c
    where c.tenant_id = tenant and c.framework_id = framework for update;
  end if;
  if head.version <> expected_version then
    perform private.raise_problem(412, 'version_mismatch', 'Somebody else has changed this in the meantime.',
      members => jsonb_build_object('version', head.version));
  end if;
  head := jsonb_populate_record(head, config);
  update public.framework_configs as c set
    archetype_overrides = head.archetype_overrides, voice_overrides = head.voice_overrides, scoring_overrides = head.scoring_overrides,
    mode_overrides = head.mode_overrides, landing_overrides = head.landing_overrides, communications = head.communications,
    results_display = head.results_display, providers = head.providers, test_clients = head.test_clients,
    version = head.version + 1, reason = save_framework_config.reason
  where c.tenant_id = tenant and c.framework_id = framework
  returning * into head;
  insert into public.framework_config_snapshots (tenant_id, framework_id, version, full_config, diff, reason, restored_version, snapshot_by)
  values (tenant, framework, head.version, config, save_framework_config.diff, save_framework_config.reason, save_framework_config.restored_version,
    head.updated_by);
  -- Versions have no gaps, and this one holds the lock. So at most 50 are left, whoever writes at the same time.
  delete from public.framework_config_snapshots as s
  where s.tenant_id = tenant and s.framework_id = framework and s.version <= head.version - max_snapshots;
  return head;
end
$$;
comment on function private.save_framework_config(uuid, text, int, jsonb, jsonb, text, int) is
  'Makes the next version of a tenant''s framework config out of all nine columns, keeps it with the difference to the one before, and trims to the newest 50. 404 framework_not_found, 402 feature_not_in_plan, and 412 version_mismatch if the expected version is not the newest.';
grant execute on function private.save_framework_config(uuid, text, int, jsonb, jsonb, text, int) to service_role;

select private.register_table('public.framework_configs',
  plain => '{framework_id,archetype_overrides,voice_overrides,scoring_overrides,mode_overrides,landing_overrides,communications,results_display,providers,test_clients,reason}');
select private.register_table('public.framework_config_snapshots', keeping => 'history',
  plain => '{framework_id,full_config,diff,reason}', unaudited => 'append-only, so it is a record itself');
