-- Campaigns: the assessments that a tenant offers.

create function private.is_campaign_landing(landing jsonb) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  -- The size first, so that a large value costs nothing.
  return case when private.json_fits(landing, 16384) and jsonb_typeof(landing) = 'object' then
    landing - '{headline,intro}'::text[] = '{}'
    and coalesce(jsonb_typeof(landing -> 'headline'), 'string') = 'string'
    and coalesce(jsonb_typeof(landing -> 'intro'), 'string') = 'string'
    and coalesce(landing ->> 'headline', 'x') ~ '\S' and coalesce(landing ->> 'intro', 'x') ~ '\S'
    and private.is_plain_text(landing ->> 'headline', 200) and private.is_plain_text(landing ->> 'intro', 2000)
    else false end;
end
$$;
comment on function private.is_campaign_landing(jsonb) is
  'Whether it is an object of at most a headline (200 characters) and an intro (2,000 characters), both text.';
grant execute on function private.is_campaign_landing(jsonb) to authenticated, service_role;

create table public.campaigns (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  name text not null,
  assessment_type text not null default 'industry4',
  results_disclosure text not null default 'full',
  opens_at timestamptz,
  closes_at timestamptz,
  switched_off_at timestamptz,
  mode text,
  status text not null default 'open',
  landing jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  constraint campaign_name_is_text check (length(btrim(name)) >= 1 and private.is_plain_text(name, 255)),
  constraint assessment_type_is_a_word check (assessment_type ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
  constraint results_disclosure_is_known check (results_disclosure in ('full', 'summary', 'none')),
  constraint campaign_closes_after_it_opens check (closes_at > opens_at),
  constraint campaign_mode_is_a_word check (mode ~ '^[a-z][a-z0-9_-]{0,39}$'),
  constraint campaign_status_is_known check (status in ('draft', 'open', 'closed')),
  constraint campaign_landing_is_text check (private.is_campaign_landing(landing))
);
create unique index campaigns_ref_id_idx on public.campaigns (tenant_id, ref_id) where ref_id is not null;
comment on table public.campaigns is 'An assessment that a tenant offers: which one, when, and how much of the result a participant sees.';
comment on column public.campaigns.mode is 'The format in which it is taken. Null: any that the tenant has switched on.';
comment on column public.campaigns.status is 'Only an open campaign takes participants. One that is closed keeps those that it has.';
comment on column public.campaigns.landing is 'What its first page says in the place of the framework''s own words: {headline, intro}.';
create trigger campaigns_touch before update on public.campaigns for each row execute function private.tg_touch_updated_at();
create trigger campaigns_stamp_editor before insert or update on public.campaigns for each row execute function private.tg_stamp_editor();

alter table public.campaigns enable row level security;
create policy "members read their tenant's campaigns" on public.campaigns
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
create policy "members create their tenant's campaigns" on public.campaigns
  for insert to authenticated with check (tenant_id = any ((select private.tenant_ids('write'))::uuid[]));
create policy "members update their tenant's campaigns" on public.campaigns
  for update to authenticated
  using (tenant_id = any ((select private.tenant_ids('write'))::uuid[]))
  with check (tenant_id = any ((select private.tenant_ids('write'))::uuid[]));
create policy "managers delete their tenant's campaigns" on public.campaigns
  for delete to authenticated using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
grant select, delete on public.campaigns to authenticated;
grant insert (tenant_id, id, name, assessment_type, results_disclosure, opens_at, closes_at, mode, status, landing),
  update (name, assessment_type, results_disclosure, opens_at, closes_at, mode, status, landing) on public.campaigns to authenticated;
grant select, insert, update, delete on public.campaigns to service_role;

create function private.tg_emit_campaign_events() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  campaign public.campaigns := case tg_op when 'DELETE' then old else new end;
  data jsonb := jsonb_build_object('campaign', jsonb_build_object('ref_id', campaign.ref_id, 'name', campaign.name,
    'assessment_type', campaign.assessment_type, 'mode', campaign.mode, 'status', campaign.status,
    'results_disclosure', campaign.results_disclosure,
    'opens_at', private.event_moment(campaign.opens_at), 'closes_at', private.event_moment(campaign.closes_at)));
  ordering_key text := 'campaign ' || campaign.ref_id;
  changed text[];
begin
  case tg_op
    when 'INSERT' then
      perform private.emit_event(campaign.tenant_id, 'campaign.created', data, ordering_key, has_row_lock => true);
    when 'DELETE' then
      perform private.emit_event(campaign.tenant_id, 'campaign.deleted', data, ordering_key, has_row_lock => true);
    else
      changed := private.changed_fields(to_jsonb(old), to_jsonb(new));
      if changed <> '{}' then
        perform private.emit_event(campaign.tenant_id, 'campaign.updated', data || jsonb_build_object('changed', changed),
          ordering_key, has_row_lock => true);
      end if;
  end case;
  return null;
end
$$;
create trigger campaigns_write_event after insert or update or delete on public.campaigns
  for each row execute function private.tg_emit_campaign_events();

create trigger campaigns_take_place after insert on public.campaigns
  for each row execute function private.tg_count_places('campaigns', '1', 'ask');
create trigger campaigns_vacate after delete on public.campaigns
  for each row execute function private.tg_count_places('campaigns', '-1');

create function private.keep_campaigns(tenant uuid, places bigint) returns void
  language sql volatile
  set search_path = ''
as $$
  update public.campaigns as c set switched_off_at = case when not k.is_kept then now() end
  from (
    select o.id, coalesce(row_number() over (order by o.created_at, o.id) <= keep_campaigns.places, true) as is_kept
    from public.campaigns as o where o.tenant_id = keep_campaigns.tenant) as k
  where c.tenant_id = keep_campaigns.tenant and c.id = k.id and (c.switched_off_at is null) <> k.is_kept
$$;
comment on function private.keep_campaigns(uuid, bigint) is
  'Leaves so many campaigns on, the oldest first. Null leaves all. The others take no new participants.';

select private.register_limit('campaigns', 'Campaigns, open or not.',
  '{"trial": 20, "starter": 5, "professional": 50, "business": 500, "enterprise": 10000}', 'creating a campaign');
select private.register_feature('assessments', 'Assessments, with their reports.', '{trial,starter,professional,business,enterprise}',
  'creating or opening a campaign, and changing a framework');
select private.register_switch('campaigns', 'keep_campaigns', feature => 'assessments');

select private.register_table('public.campaigns', plain => '{name,assessment_type,results_disclosure,mode,status,landing}');

select private.register_event_type('campaign.created', 'A campaign was created.',
    '{"campaign": {"ref_id": "ref_id", "name": "text", "assessment_type": "text", "mode?": "text",
      "status": "draft|open|closed", "results_disclosure": "full|summary|none", "opens_at?": "moment", "closes_at?": "moment"}}',
    '{"campaign": {"ref_id": "01JD3ND3E5R7T9V1X3Z5B7D9F1", "name": "Spring leadership check", "assessment_type": "industry4",
      "mode": null, "status": "open", "results_disclosure": "full", "opens_at": "2027-03-01T08:00:00.000Z", "closes_at": null}}');

select private.register_event_type('campaign.updated', 'A campaign was changed. The event has the names of the changed fields, and the campaign as it is now.',
    '{"campaign": {"ref_id": "ref_id", "name": "text", "assessment_type": "text", "mode?": "text",
      "status": "draft|open|closed", "results_disclosure": "full|summary|none", "opens_at?": "moment", "closes_at?": "moment"},
      "changed": "text[]"}',
    '{"campaign": {"ref_id": "01JD3ND3E5R7T9V1X3Z5B7D9F1", "name": "Spring leadership check", "assessment_type": "industry4",
      "mode": null, "status": "open", "results_disclosure": "summary", "opens_at": "2027-03-01T08:00:00.000Z", "closes_at": "2027-05-31T22:00:00.000Z"},
      "changed": ["closes_at", "results_disclosure"]}');

select private.register_event_type('campaign.deleted', 'A campaign was deleted. Its participants stay, without a campaign.',
    '{"campaign": {"ref_id": "ref_id", "name": "text", "assessment_type": "text", "mode?": "text",
      "status": "draft|open|closed", "results_disclosure": "full|summary|none", "opens_at?": "moment", "closes_at?": "moment"}}',
    '{"campaign": {"ref_id": "01JD3ND3E5R7T9V1X3Z5B7D9F1", "name": "Spring leadership check", "assessment_type": "industry4",
      "mode": null, "status": "open", "results_disclosure": "summary", "opens_at": null, "closes_at": null}}');
