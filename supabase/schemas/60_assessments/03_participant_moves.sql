-- Participant moves: how each participant came through the pipeline, and who moved them.

create table public.participant_moves (
  tenant_id uuid not null,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  session_id uuid not null,
  from_status text,
  to_status text not null,
  moved_by uuid,
  moved_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, session_id) references public.participant_sessions on delete cascade
);
create unique index participant_moves_ref_id_idx on public.participant_moves (tenant_id, ref_id) where ref_id is not null;
create index participant_moves_session_id_idx on public.participant_moves (tenant_id, session_id, id);
comment on table public.participant_moves is 'Each status that a participant had, since when, and who moved them there.';
comment on column public.participant_moves.from_status is 'Null for a participant who came in.';
comment on column public.participant_moves.moved_by is 'The member. Null for the participant, and for a server.';

alter table public.participant_moves enable row level security;
create policy "members read their tenant's moves" on public.participant_moves
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
-- Only a change of the participant writes one.
grant select on public.participant_moves to authenticated, service_role;
create trigger participant_moves_refuse_change before update on public.participant_moves
  for each row execute function private.tg_refuse_change();

-- A definer, because nobody writes the history directly.
create function private.tg_note_participant_move() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- The demo's reset puts the history back as well.
  if current_setting('tenantry.is_restoring', true) = 'on' then
    return null;
  end if;
  insert into public.participant_moves (tenant_id, session_id, from_status, to_status, moved_by)
  values (new.tenant_id, new.id, case tg_op when 'UPDATE' then old.client_status end, new.client_status, (select auth.uid()));
  return null;
end
$$;
create trigger participant_sessions_note_arrival after insert on public.participant_sessions
  for each row execute function private.tg_note_participant_move();
create trigger participant_sessions_note_move after update of client_status on public.participant_sessions
  for each row when (new.client_status <> old.client_status) execute function private.tg_note_participant_move();

select private.register_table('public.participant_moves', keeping => 'history', plain => '{from_status,to_status}',
  unaudited => 'append-only, so it is a record itself');
