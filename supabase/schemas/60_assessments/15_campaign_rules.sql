-- Campaign rules: of which assessment a campaign may be, and which campaigns take participants.

alter table public.campaigns add constraint campaigns_assessment_type_fkey
  foreign key (assessment_type) references public.frameworks on delete restrict;
create index campaigns_assessment_type_idx on public.campaigns (assessment_type);

-- Before the row, so that the answer says more than a foreign key does. It depends on nothing that a tenant has:
-- whoever is refused by row level security afterwards has learned nothing.
create function private.tg_know_assessment() returns trigger
  language plpgsql
  set search_path = ''
as $$
declare
  modes text[];
begin
  select array(select m from jsonb_object_keys(f.base -> 'modes') as m order by m) into modes
  from public.frameworks as f where f.framework_id = new.assessment_type;
  if modes is null then
    perform private.raise_problem(422, 'unknown_assessment',
      format('There is no assessment "%s". Choose one of these: %s.', left(new.assessment_type, 64),
        (select string_agg(f.framework_id, ', ' order by f.framework_id) from public.frameworks as f)),
      '[{"pointer": "/assessment_type", "detail": "is no assessment of the product"}]');
  elsif new.mode <> all (modes) then
    perform private.raise_problem(422, 'invalid_value',
      format('The assessment "%s" has no mode "%s". It has these: %s. Leave it null for all of them.', new.assessment_type, left(new.mode, 40),
        array_to_string(modes, ', ')),
      '[{"pointer": "/mode", "detail": "is no mode of this assessment"}]');
  end if;
  return new;
end
$$;
create trigger campaigns_know_assessment before insert or update of assessment_type, mode on public.campaigns
  for each row execute function private.tg_know_assessment();

-- After the row, so that it tells a stranger nothing of the tenant. A definer, because the answer is about the tenant and not
-- about what the caller may read.
create function private.tg_require_enabled_assessment() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  enabled text[];
begin
  if current_setting('tenantry.is_restoring', true) = 'on' then
    return null;
  end if;
  if not private.is_trusted_caller() then
    perform private.require_feature(new.tenant_id, 'assessments');
  end if;
  -- Whoever disables it at the same time waits, and then finds this campaign.
  select b.enabled_assessments into enabled from public.tenant_brands as b where b.tenant_id = new.tenant_id for share;
  if new.assessment_type = any (enabled) then
    return null;
  end if;
  perform private.raise_problem(422, 'assessment_not_enabled',
    format('The tenant has not enabled the assessment "%s". A manager adds it to enabled_assessments of the brand first.', new.assessment_type),
    '[{"pointer": "/assessment_type", "detail": "is not enabled"}]');
end
$$;
create trigger campaigns_assessment_is_enabled after insert on public.campaigns
  for each row execute function private.tg_require_enabled_assessment();
create trigger campaigns_changed_assessment_is_enabled after update of assessment_type, status on public.campaigns
  for each row when (new.assessment_type <> old.assessment_type or new.status = 'open' and old.status <> 'open')
  execute function private.tg_require_enabled_assessment();

-- A definer for the same reason.
create function private.tg_keep_assessments_in_use() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  used jsonb;
  used_count int;
begin
  if current_setting('tenantry.is_restoring', true) = 'on' then
    return null;
  end if;
  select count(*), jsonb_agg(jsonb_build_object('ref_id', c.ref_id, 'name', left(c.name, 100)) order by c.id) filter (where c.n <= 5)
  into used_count, used
  from (select o.id, o.ref_id, o.name, row_number() over (order by o.id) as n from public.campaigns as o
    where o.tenant_id = new.tenant_id and o.status = 'open'
      and o.assessment_type = any (old.enabled_assessments) and o.assessment_type <> all (new.enabled_assessments)) as c;
  if used_count > 0 then
    perform private.raise_problem(409, 'assessment_in_use',
      format('%s open %s of an assessment that you would disable. Close %s first.', used_count,
        case used_count when 1 then 'campaign is' else 'campaigns are' end, case used_count when 1 then 'it' else 'them' end),
      members => jsonb_build_object('campaigns', used, 'campaign_count', used_count));
  end if;
  return null;
end
$$;
create trigger tenant_brands_assessments_in_use after update of enabled_assessments on public.tenant_brands
  for each row when (not old.enabled_assessments <@ new.enabled_assessments) execute function private.tg_keep_assessments_in_use();

-- A definer, because the service that registers participants may be asked by anybody.
create function private.tg_refuse_closed_campaign() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  campaign public.campaigns;
begin
  select * into campaign from public.campaigns as c where c.tenant_id = new.tenant_id and c.id = new.campaign_id;
  if current_setting('tenantry.is_restoring', true) = 'on' or campaign.id is null then
    return null;
  end if;
  if campaign.status <> 'open' then
    perform private.raise_problem(409, 'campaign_not_open', case campaign.status
      when 'draft' then 'This campaign is a draft, so it takes no participants. Open it first.'
      else 'This campaign is closed, so it takes no participants.' end);
  end if;
  -- Of a campaign that is one too many for the plan, another trigger says it.
  if campaign.switched_off_at is not null then
    perform private.require_feature(new.tenant_id, 'assessments');
  end if;
  return null;
end
$$;
create trigger participant_sessions_campaign_is_open after insert or update of campaign_id on public.participant_sessions
  for each row when (new.campaign_id is not null) execute function private.tg_refuse_closed_campaign();
