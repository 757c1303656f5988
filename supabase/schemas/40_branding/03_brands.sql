-- Brands: how each tenant looks and speaks.

create table public.tenant_brands (
  tenant_id uuid primary key references public.tenants on delete cascade,
  display_name text not null,
  is_active boolean not null default true,
  brand jsonb not null default '{}',
  email_config jsonb not null default '{}',
  enabled_assessments text[] not null default '{}',
  coach_name text,
  coach_title text,
  coach_photo text,
  coach_email text,
  coach_notification_email text,
  website_url text,
  booking_url text,
  legal_entity text,
  voice_id text,
  slug_prefix text not null default '',
  canonical_quiz_url text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  version int not null default 1,
  changed_in jsonb not null default '{}',
  constraint brand_is_small check (private.json_fits(brand, 65536)),
  constraint email_config_is_small check (private.json_fits(email_config, 65536)),
  constraint changed_in_is_small check (private.json_fits(changed_in, 16384)),
  constraint display_name_is_text check (length(btrim(display_name)) >= 1 and private.is_plain_text(display_name, 255)),
  constraint coach_card_is_text check (private.is_plain_text(coach_name, 255) and private.is_plain_text(coach_title, 255)
    and private.is_plain_text(legal_entity, 255) and private.is_plain_text(voice_id, 64)),
  constraint coach_photo_is_a_picture check (private.is_picture_url(coach_photo)),
  constraint coach_photo_is_its_own check (private.is_own_picture(tenant_id, coach_photo)),
  constraint logo_is_its_own check (private.is_own_picture(tenant_id, brand #>> '{logo,url}')),
  constraint website_url_is_https check (private.is_https_url(website_url)),
  constraint booking_url_is_https check (private.is_https_url(booking_url)),
  constraint quiz_url_is_https check (length(canonical_quiz_url) <= 512 and private.is_https_url(canonical_quiz_url)),
  constraint coach_emails_are_addresses check (private.is_email(coach_email) and private.is_email(coach_notification_email)),
  constraint slug_prefix_is_a_path_word check (slug_prefix ~ '^([a-z0-9][a-z0-9-]{0,62}[a-z0-9]|[a-z0-9])?$'),
  constraint enabled_assessments_are_words check (
    cardinality(enabled_assessments) <= 50
    and coalesce(array_to_string(enabled_assessments, ',', '?'), '') ~ '^([a-z0-9][a-z0-9_-]{0,63}(,[a-z0-9][a-z0-9_-]{0,63})*)?$')
);
comment on table public.tenant_brands is
  'How a tenant looks and speaks (1:1 with tenants, created together with the tenant). brand has one canonical shape, for every spelling that is sent.';

comment on column public.tenant_brands.enabled_assessments is
  'The assessments that the tenant offers. The public page shows them, and a campaign is of one of them. Empty: none.';

comment on column public.tenant_brands.version is 'One more after each change, for people who edit at the same time.';
comment on column public.tenant_brands.changed_in is
  'For each place that was ever changed, as a JSON Pointer, the version in which it changed last. So a change of an old version can be told where it meets others.';

create function private.tg_normalize_brand() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  new.brand := private.normalize_brand(new.brand);
  new.email_config := private.normalize_email_config(new.email_config);
  return new;
end
$$;
create trigger tenant_brands_normalize before insert or update of brand, email_config on public.tenant_brands
  for each row execute function private.tg_normalize_brand();
-- A definer, because nobody else has to compare rows.
create function private.tg_version_brand() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  -- Who reads a version compares what people write, and nothing else.
  unwritten constant text[] := '{tenant_id,created_at,updated_at,created_by,updated_by,version,changed_in}';
  places text[] := private.changed_places(to_jsonb(old) - unwritten, to_jsonb(new) - unwritten);
begin
  new.version := old.version + case when places = '{}' then 0 else 1 end;
  new.changed_in := old.changed_in || coalesce((select jsonb_object_agg(p, new.version) from unnest(places) as p), '{}');
  return new;
end
$$;
-- Its name comes after that of the trigger which normalises the brand, and triggers fire in the order of their names.
create trigger tenant_brands_version before update on public.tenant_brands for each row execute function private.tg_version_brand();

create trigger tenant_brands_touch before update on public.tenant_brands for each row execute function private.tg_touch_updated_at();
create trigger tenant_brands_stamp_editor before insert or update on public.tenant_brands for each row execute function private.tg_stamp_editor();

-- A definer, because a new tenant must have a brand from the first moment, for every caller. A coach offers the
-- assessment that a campaign has when it names none. Others have to choose, because the public page shows it.
create function private.tg_start_brand() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  insert into public.tenant_brands (tenant_id, display_name, enabled_assessments)
  values (new.id, new.name, case new.tenant_type when 'coach' then '{industry4}'::text[] else '{}' end) on conflict do nothing;
  return null;
end
$$;
create trigger tenants_start_brand after insert on public.tenants for each row execute function private.tg_start_brand();

create trigger tenant_brands_white_label after update of brand on public.tenant_brands
  for each row when (new.brand -> 'show_powered_by' = 'false' and old.brand -> 'show_powered_by' is distinct from 'false')
  execute function private.tg_require_feature('white_label');
create function private.hides_powered_by(tenant uuid) returns boolean
  language sql stable
  set search_path = ''
as $$ select exists (select from public.tenant_brands as b where b.tenant_id = hides_powered_by.tenant and b.brand -> 'show_powered_by' = 'false') $$;

select private.register_feature('white_label', 'A page without "powered by".', '{trial,professional,business,enterprise}',
  'setting show_powered_by to false');
select private.register_switch('white_label', is_used => 'hides_powered_by');

create function private.brand_warnings(brand jsonb, coach_name text, coach_photo text) returns jsonb
  language sql stable
  set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('pointer', w.pointer, 'detail', w.detail) order by w.pointer), '[]')
  from (
    select '/brand/fonts/' || f.part, format('"%s" is not one of the fonts that are served. Visitors who have it see it, and the others see a %s font.',
      f.family, private.generic_font(f.family))
    from (values ('heading', brand #>> '{fonts,heading}'), ('body', brand #>> '{fonts,body}')) as f (part, family)
    where not private.is_served_font(f.family)
      -- These name what the visitor's own device has.
      and f.family not in ('serif', 'sans-serif', 'cursive', 'monospace', 'system-ui', 'ui-serif', 'ui-sans-serif', 'ui-rounded')
    union all
    select '/coach_photo', 'The photo is shown beside a name only. Set coach_name.' where coach_photo is not null and coach_name is null
  ) as w (pointer, detail)
$$;
comment on function private.brand_warnings(jsonb, text, text) is 'What of a brand a visitor will not see as it was meant, in a sentence each.';
grant execute on function private.brand_warnings(jsonb, text, text) to authenticated, service_role;

create function private.keeps_brand_file(tenant uuid, name text) returns boolean
  language sql stable
  set search_path = ''
as $$
  select exists (select from public.tenant_brands as b where b.tenant_id = keeps_brand_file.tenant
    and '/storage/v1/object/public/brands/' || keeps_brand_file.name in (b.brand #>> '{logo,url}', b.coach_photo))
$$;
comment on function private.keeps_brand_file(uuid, text) is 'Whether the brand of the tenant shows this file.';
select private.register_bucket('brands', keeps => 'keeps_brand_file');

alter table public.tenant_brands enable row level security;
create policy "members read their tenant's brand" on public.tenant_brands
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{brand:read}'))::uuid[]));
create policy "managers update their tenant's brand" on public.tenant_brands
  for update to authenticated
  using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]))
  with check (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
grant select, update (display_name, is_active, brand, email_config, enabled_assessments, coach_name, coach_title,
  coach_photo, coach_email, coach_notification_email, website_url, booking_url, legal_entity, voice_id, slug_prefix,
  canonical_quiz_url) on public.tenant_brands to authenticated;
grant select, insert, update, delete on public.tenant_brands to service_role;

-- Triggers, so that every kind of change emits the event. Definers, because the callers may not write events.
-- They run after the change of the row and hold its lock. The lock keeps the events of one row in order
-- (has_row_lock).

create function private.tg_emit_brand_events() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  unwritten constant text[] := '{brand,version,changed_in}';
  changed text[] := private.changed_fields(to_jsonb(old) - unwritten, to_jsonb(new) - unwritten)
    || array(select 'brand.' || f from unnest(private.changed_fields(old.brand, new.brand)) as f);
begin
  if changed <> '{}' then
    perform private.emit_event(new.tenant_id, 'brand.updated', jsonb_build_object(
      'tenant', (select jsonb_build_object('ref_id', t.ref_id, 'slug', t.slug) from public.tenants as t where t.id = new.tenant_id),
      'changed', changed, 'page', private.render_tenant_page(new.tenant_id)), 'brand', has_row_lock => true);
  end if;
  return null;
end
$$;
create trigger tenant_brands_write_event after update on public.tenant_brands for each row execute function private.tg_emit_brand_events();

select private.register_table('public.tenant_brands', quiet => '{version,changed_in}', personal => '{email_config,coach_email,coach_notification_email}',
  on_forget => 'keep', kept_because => 'How the tenant presents itself to the public. A manager changes it with the brand.',
  plain => '{changed_in,display_name,brand,enabled_assessments,coach_name,coach_title,coach_photo,website_url,booking_url,legal_entity,voice_id,slug_prefix,canonical_quiz_url}');

select private.register_event_type('brand.updated', 'The tenant''s brand was changed. The event has the names of the changed fields, and the public page as it is now (null while the page is switched off).',
    '{"tenant": {"ref_id": "ref_id", "slug": "text"}, "changed": "text[]",
      "page?": {"ref_id": "ref_id", "slug": "text", "display_name": "text", "tenant_type": "text", "locale": "text", "brand": "object",
        "coach?": "object", "links": "object", "enabled_assessments": "text[]"}}',
    '{"tenant": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "slug": "leadingwithmeaning"},
      "changed": ["brand.colors", "brand.tagline"],
      "page": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "slug": "leadingwithmeaning", "display_name": "Leading with Meaning",
        "tenant_type": "coach", "locale": "en",
        "brand": {"colors": {"primary": "#2d5a3d", "accent": "#c9a227"}, "fonts": {"heading": "Playfair Display", "body": "Lato"}, "logo": null,
          "theme_mode": "override", "tagline": "Lead from what matters.", "messages": {"welcome": null, "completion": null}, "show_powered_by": true},
        "coach": {"name": "Mark Ellery", "title": "Executive coach", "photo": null},
        "links": {"site": "https://leadingwithmeaning.example.com", "booking": null, "quiz": null},
        "enabled_assessments": ["industry4", "money-archetypes"]}}');

insert into private.api_scopes (scope, permission, description) values
  ('brand:read', 'read', 'Read the brand.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);
