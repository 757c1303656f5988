-- Offers: what a stranger may know of a campaign, and who may begin it. For the edge function alone.

select private.register_feature('voice', 'Assessments by voice: questions are read aloud.', '{trial,professional,business,enterprise}');

create function private.is_campaign_open(campaign public.campaigns) returns boolean
  language sql stable
  set search_path = ''
as $$
  select campaign.status = 'open' and campaign.switched_off_at is null
    and coalesce(campaign.opens_at <= now(), true) and coalesce(campaign.closes_at > now(), true)
$$;
comment on function private.is_campaign_open(public.campaigns) is 'Whether a campaign takes new participants now, as far as it is up to the campaign.';

create function private.find_offer(slug text, campaign uuid)
  returns table (tenant_id uuid, campaign public.campaigns, is_open boolean, framework_name text, framework_version int,
    base jsonb, config jsonb, config_version int, booking_url text,
    has_voice boolean, voice_id text)
  language sql stable
  set search_path = ''
  -- Plans of tables that were empty when the session began would read all of them.
  set enable_seqscan = off
as $$
  select t.id, c, private.is_campaign_open(c) and private.has_feature(t.id, 'assessments'), f.name, f.version, f.base,
    coalesce(to_jsonb(o) - '{tenant_id,framework_id,version,reason,created_at,updated_at,created_by,updated_by}'::text[], '{}'),
    coalesce(o.version, 0), b.booking_url, private.has_feature(t.id, 'voice'), b.voice_id
  from public.tenant_slugs as s
  join public.tenants as t on t.id = s.tenant_id and t.status <> 'archived'
  join public.tenant_brands as b on b.tenant_id = t.id and b.is_active
  join public.campaigns as c on c.tenant_id = t.id and c.id = find_offer.campaign and c.status <> 'draft'
  join public.frameworks as f on f.framework_id = c.assessment_type
  left join public.framework_configs as o on o.tenant_id = t.id and o.framework_id = f.framework_id
  where s.slug = find_offer.slug and (s.retired_at is null or s.retired_at > now() - interval '90 days')
$$;
comment on function private.find_offer(text, uuid) is
  'A campaign with the framework that it offers and what the tenant changes of it. No row for a draft, or if there is no such tenant or campaign.';

-- A definer, as are those of the next files: the edge function works as the service, which may not count places or emit events.
create function private.begin_session(
  tenant uuid, campaign uuid, token_hash bytea, mode text, locale text default null, email text default null, full_name text default null,
  has_consented boolean default false, landing_variant text default null
) returns void
  language plpgsql security definer
  set search_path = ''
as $$
#variable_conflict use_column
declare
  earlier public.participant_sessions;
  chosen public.campaigns;
begin
  select * into earlier from public.participant_sessions as s where s.token_hash = begin_session.token_hash;
  if found then
    -- A browser that did not hear the answer asks again.
    if earlier.tenant_id = tenant and earlier.campaign_id is not distinct from begin_session.campaign then
      return;
    end if;
    perform private.raise_problem(409, 'token_taken', 'This token belongs to a session of another campaign. Make a new one.');
  end if;
  select * into chosen from public.campaigns as c where c.tenant_id = tenant and c.id = begin_session.campaign;
  if not found or not private.is_campaign_open(chosen) or not private.has_feature(tenant, 'assessments') then
    perform private.raise_problem(409, 'campaign_not_open', 'This campaign takes no participants now.');
  end if;
  -- So many may sit in one room, behind one address.
  if not private.take_turn(tenant, private.turn_from_here('session'), 600, 'hour') then
    perform private.raise_problem(429, 'too_many_sessions', 'Too many sessions were begun from here in this hour. Try again later.');
  end if;
  perform private.require_place(tenant, 'participants');
  insert into public.participant_sessions (tenant_id, campaign_id, email, full_name, mode, locale, landing_variant, consented_at, token_hash)
  values (tenant, begin_session.campaign, begin_session.email, begin_session.full_name, begin_session.mode, begin_session.locale,
    begin_session.landing_variant, case when has_consented then now() end, begin_session.token_hash)
  on conflict (token_hash) do nothing;
  if not found then
    -- The same browser was faster on another connection.
    perform private.begin_session(tenant, begin_session.campaign, begin_session.token_hash, begin_session.mode);
  end if;
end
$$;
comment on function private.begin_session(uuid, uuid, bytea, text, text, text, text, boolean, text) is
  'Begins a session with the token of a participant''s browser. The same token again changes nothing. 409 campaign_not_open, 409 token_taken, 429 too_many_sessions, and 402 limit_reached if the plan has no place.';
grant execute on function private.begin_session(uuid, uuid, bytea, text, text, text, text, boolean, text) to service_role;
