-- Client bios: what a coach knows of a participant, and notes about them.

create table public.client_bios (
  tenant_id uuid not null references public.tenants on delete cascade,
  session_id uuid not null,
  headline text,
  background text,
  goals text,
  notes text,
  revision uuid not null default private.uuid_v7(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, session_id),
  foreign key (tenant_id, session_id) references public.participant_sessions on delete cascade,
  constraint bio_headline_is_text check (private.is_plain_text(headline, 200) and headline !~ '[\t\n]'),
  constraint bio_background_is_text check (private.is_plain_text(background, 5000)),
  constraint bio_goals_are_text check (private.is_plain_text(goals, 5000)),
  constraint bio_notes_are_text check (private.is_plain_text(notes, 20000)),
  constraint bio_says_something check (num_nonnulls(headline, background, goals, notes) > 0)
);
comment on table public.client_bios is 'What a coach knows of a participant and notes about them: one for each participant who has one.';
comment on column public.client_bios.revision is 'Another one after each change, so that two editors do not overwrite each other.';
create trigger client_bios_touch before update on public.client_bios for each row execute function private.tg_touch_updated_at();
create trigger client_bios_stamp_editor before insert or update on public.client_bios for each row execute function private.tg_stamp_editor();

alter table public.client_bios enable row level security;
-- Not "read": a reviewer looks at what agents wrote, and needs nothing that a coach noted about a person.
create policy "members read what their tenant notes about clients" on public.client_bios
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_clients'))::uuid[]));
-- Nobody else writes: only the edge function asks which revision is changed.
grant select on public.client_bios to authenticated;
grant select, insert, update, delete on public.client_bios to service_role;

select private.register_table('public.client_bios', personal => '{headline,background,goals,notes}', quiet => '{revision}',
  on_forget => 'delete', forgotten_with => 'public.participant_sessions');
