-- Answers: what a participant has said so far, saved as it comes.

create table public.participant_answers (
  tenant_id uuid not null,
  session_id uuid not null,
  answers jsonb not null default '{}',
  revision int not null default 1,
  saved_at timestamptz not null default now(),
  primary key (tenant_id, session_id),
  foreign key (tenant_id, session_id) references public.participant_sessions on delete cascade,
  constraint answers_are_small check (jsonb_typeof(answers) = 'object' and private.json_fits(answers, 65536))
) with (fillfactor = 80);
comment on table public.participant_answers is
  'What a participant has answered, by the ids of the items: a point of the scale, or the id of an option. Never words of their own.';
comment on column public.participant_answers.revision is 'Grows with each save, so that scores are never of other answers than the ones that are kept.';

alter table public.participant_answers enable row level security;
create policy "members read their tenant's answers" on public.participant_answers
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
-- Only participants answer. A member who could write here would answer in their name.
grant select on public.participant_answers to authenticated;
grant select, insert, update, delete on public.participant_answers to service_role;

select private.register_table('public.participant_answers', plain => '{answers}',
  unaudited => 'saved many times in a session, and what they add up to has a row of its own');
