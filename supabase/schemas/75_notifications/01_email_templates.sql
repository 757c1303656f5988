-- E-mail templates: the words of each kind of mail, global ones and those that a tenant has in their place.

create type public.email_template_category as enum ('approval', 'report_delivery', 'onboarding', 'billing', 'alert', 'custom');
create type public.email_sender as enum ('sendgrid', 'ses', 'smtp');

create table public.email_templates (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  slug text not null,
  locale text not null default 'en',
  name text not null,
  subject text not null,
  body_html text not null,
  body_text text,
  variables jsonb not null default '[]',
  category public.email_template_category not null default 'custom',
  source_template_id uuid,
  is_active boolean not null default true,
  send_via public.email_sender,
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  revision uuid not null default private.uuid_v7(),
  primary key (tenant_id, id),
  constraint template_slug_is_a_word check (slug ~ '^[a-z][a-z0-9_]{0,99}$'),
  constraint template_locale_is_a_tag check (locale ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$'),
  constraint template_name_is_text check (length(btrim(name)) >= 1 and private.is_plain_text(name, 255)),
  -- A line break in a subject would start a new header.
  constraint template_subject_is_one_line check (length(subject) between 1 and 500 and subject !~ '[\r\n]'),
  constraint template_bodies_are_small check (length(body_html) between 1 and 100000 and length(body_text) <= 100000),
  constraint template_variables_are_a_list check (jsonb_typeof(variables) = 'array' and private.json_fits(variables, 16384))
);
comment on table public.email_templates is
  'The words of a mail, by slug and language. The rows of the platform tenant are for everybody. A tenant''s own row takes the place of one of them.';
comment on column public.email_templates.variables is 'What may stand in double braces: [{"key": "author.name", "description": "Who wrote it.", "required": true}].';
comment on column public.email_templates.source_template_id is 'The global template that this one took the place of, when it was first written.';
comment on column public.email_templates.send_via is 'The kind of provider that this mail should go through, where the tenant has one that is verified.';
comment on column public.email_templates.version is 'Grows with every change of the words.';
comment on column public.email_templates.revision is 'Another one after every change, so that two editors cannot overwrite each other.';
create unique index email_templates_ref_id_idx on public.email_templates (tenant_id, ref_id) where ref_id is not null;
create unique index email_templates_slug_idx on public.email_templates (tenant_id, slug, locale);
create trigger email_templates_touch before update on public.email_templates for each row execute function private.tg_touch_updated_at();
create trigger email_templates_stamp_editor before insert or update on public.email_templates for each row execute function private.tg_stamp_editor();

create function private.tg_count_template_version() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  new.version := old.version + 1;
  return new;
end
$$;
create trigger email_templates_count_version before update on public.email_templates for each row
  when ((old.subject, old.body_html, old.body_text, old.variables) is distinct from (new.subject, new.body_html, new.body_text, new.variables))
  execute function private.tg_count_template_version();

create function private.tg_revise_template() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  new.revision := private.uuid_v7();
  return new;
end
$$;
create trigger email_templates_revise before update on public.email_templates for each row execute function private.tg_revise_template();

alter table public.email_templates enable row level security;
create policy "managers read their tenant's e-mail templates" on public.email_templates
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
-- Nobody else writes: what stands in double braces is checked by the edge function, with the parser that also renders it.
grant select on public.email_templates to authenticated;
grant select, insert, update, delete on public.email_templates to service_role;

create function private.mail_look(tenant uuid) returns jsonb
  language sql stable
  set search_path = ''
as $$
  select jsonb_build_object('name', b.display_name, 'logo_url', b.brand #> '{logo,url}', 'primary', b.brand #> '{colors,primary}',
    'background', b.brand #> '{colors,background}', 'text', b.brand #> '{colors,text}',
    'from_name', coalesce(b.email_config -> 'from_name', to_jsonb(b.display_name)), 'reply_to', b.email_config -> 'reply_to',
    'signature', b.email_config -> 'signature',
    'is_powered_by_shown', private.is_switched_off(b.tenant_id, 'white_label') or coalesce(b.brand -> 'show_powered_by', 'true') = 'true')
  from public.tenant_brands as b where b.tenant_id = mail_look.tenant
$$;
comment on function private.mail_look(uuid) is 'How a tenant''s mails look, and in whose name they come.';

-- A definer, because whether "powered by" is shown depends on the plan.
create function public.read_mail_look(tenant_id uuid) returns jsonb
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(read_mail_look.tenant_id, 'read_admin');
  return private.mail_look(read_mail_look.tenant_id);
end
$$;
comment on function public.read_mail_look(uuid) is
  'How a tenant''s mails look, and in whose name they come: {name, logo_url, primary, background, text, from_name, reply_to, signature, is_powered_by_shown}. In a transaction that has changed the brand, as the change has made it.';
grant execute on function public.read_mail_look(uuid) to authenticated;

select private.register_table('public.email_templates', quiet => '{revision}',
  plain => '{slug,locale,name,subject,body_html,body_text,variables}');
