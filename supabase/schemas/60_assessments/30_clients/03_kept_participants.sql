-- Kept participants: whoever has a bio or a document is not removed when the session expires.

-- A definer, because nobody may set it directly.
create function private.tg_keep_participant() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  tenant uuid := case tg_op when 'DELETE' then old.tenant_id else new.tenant_id end;
  session uuid := case tg_op when 'DELETE' then old.session_id else new.session_id end;
begin
  -- Locked first: whoever removes the last document sees what somebody else adds at the same time.
  perform from public.participant_sessions as s where s.tenant_id = tenant and s.id = session for no key update;
  update public.participant_sessions as s set is_kept = k.is_kept
  from (select exists (select from public.client_bios as b where b.tenant_id = tenant and b.session_id = session)
    or exists (select from public.client_documents as d where d.tenant_id = tenant and d.session_id = session) as is_kept) as k
  where s.tenant_id = tenant and s.id = session and s.is_kept <> k.is_kept;
  return null;
end
$$;
create trigger client_bios_keep_participant after insert or delete on public.client_bios
  for each row execute function private.tg_keep_participant();
create trigger client_documents_keep_participant after insert or delete on public.client_documents
  for each row execute function private.tg_keep_participant();
