-- Config drafts: changes of a framework config that are not published yet, and the moment at which some of them will be.

create type public.config_draft_status as enum (
  'draft',     -- somebody is at work on it
  'scheduled', -- it is published at its moment
  'suspended'  -- its moment came, and it could not be published
);

create table public.framework_config_drafts (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  framework_id text not null references public.frameworks on delete restrict,
  status public.config_draft_status not null default 'draft',
  revision uuid not null default private.uuid_v7(),
  base_version int not null,
  base_config jsonb not null,
  change jsonb not null,
  reason text,
  publish_at timestamptz,
  scheduled_by uuid,
  problem jsonb,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  constraint draft_reason_is_text check (private.is_plain_text(reason, 500)),
  constraint draft_is_small check (private.config_fits(change) and private.config_fits(base_config)),
  constraint draft_problem_is_small check (private.json_fits(problem, 16384)),
  constraint only_a_draft_has_no_moment check ((status = 'draft') = (publish_at is null)),
  constraint a_suspended_draft_says_why check ((status = 'suspended') = (problem is not null))
);
comment on table public.framework_config_drafts is
  'Changes of a framework config that are not published yet: the draft of each framework, and what is scheduled. A row goes when it is published.';
comment on column public.framework_config_drafts.revision is 'Another one after each change, so that two editors do not overwrite each other.';
comment on column public.framework_config_drafts.base_config is 'The nine columns of the version that is changed. That version may be trimmed before the change is published.';
comment on column public.framework_config_drafts.change is 'The columns that change, each as a whole.';
comment on column public.framework_config_drafts.problem is 'Why it could not be published: {code, detail, version, conflicts}.';
create unique index framework_config_drafts_ref_id_idx on public.framework_config_drafts (tenant_id, ref_id) where ref_id is not null;
create unique index framework_config_drafts_one_draft_idx on public.framework_config_drafts (tenant_id, framework_id) where status = 'draft';
create index framework_config_drafts_framework_idx on public.framework_config_drafts (tenant_id, framework_id, ref_id);
create index framework_config_drafts_framework_id_idx on public.framework_config_drafts (framework_id);
create index framework_config_drafts_publish_at_idx on public.framework_config_drafts (publish_at) where status = 'scheduled';
create trigger framework_config_drafts_touch before update on public.framework_config_drafts
  for each row execute function private.tg_touch_updated_at();
create trigger framework_config_drafts_stamp_editor before insert or update on public.framework_config_drafts
  for each row execute function private.tg_stamp_editor();

alter table public.framework_config_drafts enable row level security;
create policy "members read their tenant's config drafts" on public.framework_config_drafts
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
-- Nobody else writes: the edge function checks what the resolved configuration would be.
grant select on public.framework_config_drafts to authenticated;
grant select, insert, update, delete on public.framework_config_drafts to service_role;

-- A definer, because only such functions tell people something.
create function private.suspend_config_draft(tenant uuid, draft uuid, problem jsonb) returns boolean
  language plpgsql security definer
  set search_path = ''
as $$
declare
  suspended public.framework_config_drafts;
begin
  update public.framework_config_drafts as d
  set status = 'suspended', problem = suspend_config_draft.problem, revision = private.uuid_v7()
  where d.tenant_id = suspend_config_draft.tenant and d.id = suspend_config_draft.draft and d.status = 'scheduled'
  returning * into suspended;
  if not found then
    return false;
  end if;
  perform private.notify(suspended.tenant_id, 'framework.publish_suspended', '{admins}',
    jsonb_build_object(
      'framework', (select jsonb_build_object('framework_id', f.framework_id, 'name', f.name)
        from public.frameworks as f where f.framework_id = suspended.framework_id),
      'scheduled', jsonb_build_object('ref_id', suspended.ref_id, 'publish_at', private.event_moment(suspended.publish_at)),
      'problem', jsonb_build_object('code', suspend_config_draft.problem ->> 'code')),
    'framework', suspended.framework_id, 'framework.publish_suspended ' || suspended.ref_id);
  return true;
end
$$;
comment on function private.suspend_config_draft(uuid, uuid, jsonb) is
  'Keeps a scheduled change from being published, with the reason, and tells the tenant''s managers. False if it is not scheduled any more.';

create function private.request_config_publications() returns text
  language plpgsql
  set search_path = ''
as $$
begin
  if not exists (select from public.framework_config_drafts as d where d.status = 'scheduled' and d.publish_at <= now()) then
    return 'Nothing is due.';
  end if;
  -- Unlike format(), this is null if no request was made.
  return coalesce('Asked with request ' || private.call_edge_function('/assessments/frameworks/publish-due', timeout_milliseconds => 60000) || '.',
    'Nothing was asked: Vault does not have the secret tenantry_functions_url or tenantry_service_key.');
end
$$;
comment on function private.request_config_publications() is
  'If a scheduled change is due, wakes the edge function that publishes it, because only that function can check the whole. Returns what it did.';
grant execute on function private.suspend_config_draft(uuid, uuid, jsonb) to service_role;

select cron.schedule('assessments: publish scheduled framework configs', '* * * * *', 'select private.request_config_publications()');

select private.register_notification_type('framework.publish_suspended', 'assessments', 'A scheduled change of a framework could not be published.',
  '{"en": "A change of {{framework.name}} was to be published at {{scheduled.publish_at}}, and was not ({{problem.code}}). Look at what is scheduled.",
    "de": "Eine Änderung von {{framework.name}} sollte am {{scheduled.publish_at}} veröffentlicht werden und wurde es nicht ({{problem.code}}). Sieh nach, was geplant ist.",
    "fr": "Une modification de {{framework.name}} devait être publiée le {{scheduled.publish_at}} et ne l’a pas été ({{problem.code}}). Consultez ce qui est prévu."}',
  '{"framework": {"framework_id": "industry4", "name": "Industry 4.0 maturity"},
    "scheduled": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "publish_at": "2027-01-04T08:00:00.000Z"}, "problem": {"code": "version_mismatch"}}');

select private.register_table('public.framework_config_drafts', quiet => '{revision}',
  plain => '{framework_id,base_config,change,reason,problem}');
