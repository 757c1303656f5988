-- Forgetting a participant, who need not have an e-mail address.

-- A definer, because it changes tables that nobody may change directly.
create function public.forget_participant(tenant_id uuid, participant_id uuid) returns jsonb
  language plpgsql security definer
  set search_path = ''
as $$
declare
  session public.participant_sessions;
begin
  perform private.require_permission(forget_participant.tenant_id, 'manage');
  select * into session from public.participant_sessions as s
  where s.tenant_id = forget_participant.tenant_id and s.id = forget_participant.participant_id;
  if session.id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no participant with this ref_id.');
  end if;
  return private.forget_rows(session.tenant_id, private.fold_email(session.email), 'public.participant_sessions', session.id, session.ref_id);
end
$$;
comment on function public.forget_participant(uuid, uuid) is
  'Erases what a tenant holds about a participant: the row, what hangs on it or names its ref_id, and whatever names the address if there is one. 404 not_found; 409 is_member.';
grant execute on function public.forget_participant(uuid, uuid) to authenticated, service_role;
