-- Client documents: files that a coach keeps about a participant. The bytes are in Storage, and these rows say which.

create type public.client_document_state as enum (
  'awaited', -- a link to upload it was given out
  'stored'   -- the file is there, and is what its row says
);

create function private.is_document_name(name text, content_type text) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  -- The ending too, because it decides what a computer does with the file: a text may be called report.txt and not report.html.
  return private.is_plain_text(name, 200) and name !~ '[\t\n/\\]' and name = btrim(name) and lower(name) ~ ('[^.]\.(' || case content_type
    when 'application/pdf' then 'pdf'
    when 'image/png' then 'png'
    when 'image/jpeg' then 'jpe?g'
    when 'image/webp' then 'webp'
    when 'text/plain' then 'txt|md|csv'
    when 'application/vnd.openxmlformats-officedocument.wordprocessingml.document' then 'docx'
  end || ')$');
end
$$;
comment on function private.is_document_name(text, text) is 'Whether a file of this type may have this name. Null for a type that no document has.';
grant execute on function private.is_document_name(text, text) to authenticated, service_role;

create table public.client_documents (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  session_id uuid not null,
  name text not null,
  content_type text not null,
  byte_count int not null,
  storage_path text not null,
  state public.client_document_state not null default 'awaited',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  foreign key (tenant_id, session_id) references public.participant_sessions on delete cascade,
  constraint document_name_fits_its_type check (private.is_document_name(name, content_type) is true),
  constraint document_is_not_too_large check (byte_count between 1 and 10485760),
  -- Nobody can guess the second part, and nobody's row leads to a file of another tenant.
  constraint document_path_is_the_tenants check (
    split_part(storage_path, '/', 1) = private.ulid(tenant_id) and split_part(storage_path, '/', 2) ~ '^[0-9a-f]{32}$' and length(storage_path) = 59)
);
create unique index client_documents_ref_id_idx on public.client_documents (tenant_id, ref_id) where ref_id is not null;
comment on table public.client_documents is 'Files that a coach keeps about a participant: what each is, and where it is in the bucket "clients" of Supabase Storage.';
comment on column public.client_documents.byte_count is 'What was announced. A file of another size is refused.';
create index client_documents_session_id_idx on public.client_documents (tenant_id, session_id, id);
create unique index client_documents_storage_path_idx on public.client_documents (tenant_id, storage_path);
create index client_documents_awaited_idx on public.client_documents (created_at) where state = 'awaited';
create trigger client_documents_touch before update on public.client_documents for each row execute function private.tg_touch_updated_at();
create trigger client_documents_stamp_editor before insert or update on public.client_documents for each row execute function private.tg_stamp_editor();

alter table public.client_documents enable row level security;
create policy "members read their tenant's client documents" on public.client_documents
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_clients'))::uuid[]));
-- Nobody else writes: a row without its file would be a promise.
grant select on public.client_documents to authenticated;
grant select, insert, update, delete on public.client_documents to service_role;

-- await_client_document() asks for the place.
create trigger client_documents_take_place after insert on public.client_documents
  for each row execute function private.tg_count_places('client_documents', '1');
create trigger client_documents_vacate after delete on public.client_documents
  for each row execute function private.tg_count_places('client_documents', '-1');
select private.register_limit('client_documents', 'Documents of clients, with those whose upload has begun.',
  '{"trial": 50, "starter": 100, "professional": 1000, "business": 10000, "enterprise": 100000}', 'uploading a document of a client');

-- A definer, as the next two: nobody may write a document directly.
create function private.await_client_document(tenant uuid, participant text, name text, content_type text, byte_count int)
  returns public.client_documents
  language plpgsql security definer
  set search_path = ''
as $$
declare
  session uuid;
  awaited public.client_documents;
begin
  -- It asks for the permission as well.
  perform private.require_upload_turn(await_client_document.tenant);
  select s.id into session from public.participant_sessions as s
  where s.tenant_id = await_client_document.tenant and s.ref_id = await_client_document.participant;
  if not found then
    perform private.raise_problem(404, 'participant_not_found', 'This tenant has no participant with this ref_id.');
  end if;
  perform private.require_place(await_client_document.tenant, 'client_documents');
  insert into public.client_documents (tenant_id, session_id, name, content_type, byte_count, storage_path)
  values (await_client_document.tenant, session, await_client_document.name, await_client_document.content_type, await_client_document.byte_count,
    private.ulid(await_client_document.tenant) || '/' || replace(gen_random_uuid()::text, '-', ''))
  returning * into awaited;
  return awaited;
end
$$;
comment on function private.await_client_document(uuid, text, text, text, int) is
  'Makes the row of a document whose bytes are still to come. 404 participant_not_found; 402 limit_reached; 429 too_many_uploads.';

create function private.open_client_document(tenant uuid, participant text, document text) returns public.client_documents
  language plpgsql security definer
  set search_path = ''
as $$
declare
  opened public.client_documents;
begin
  perform private.require_permission(open_client_document.tenant, 'read_clients');
  select d.* into opened from public.client_documents as d
  where d.tenant_id = open_client_document.tenant and d.ref_id = open_client_document.document
    and d.session_id = (select s.id from public.participant_sessions as s
      where s.tenant_id = open_client_document.tenant and s.ref_id = open_client_document.participant);
  if not found then
    perform private.raise_problem(404, 'not_found', 'This participant has no document with this ref_id.');
  elsif opened.state = 'stored' then
    perform private.record_audit(opened.tenant_id, 'client_document.opened', 'client_document', opened.ref_id);
  end if;
  return opened;
end
$$;
comment on function private.open_client_document(uuid, text, text) is
  'A document, for whoever is about to get a link to its file. The audit log says who. 404 not_found.';

create function private.remove_client_document(tenant uuid, participant text, document text) returns text
  language plpgsql security definer
  set search_path = ''
as $$
declare
  path text;
begin
  perform private.require_permission(remove_client_document.tenant, 'write');
  delete from public.client_documents as d
  where d.tenant_id = remove_client_document.tenant and d.ref_id = remove_client_document.document
    and d.session_id = (select s.id from public.participant_sessions as s
      where s.tenant_id = remove_client_document.tenant and s.ref_id = remove_client_document.participant)
  returning d.storage_path into path;
  if not found then
    perform private.raise_problem(404, 'not_found', 'This participant has no document with this ref_id.');
  end if;
  return path;
end
$$;
comment on function private.remove_client_document(uuid, text, text) is
  'Removes a document, and returns which file goes with it. Only the API of Storage deletes that. 404 not_found.';
grant execute on function private.await_client_document(uuid, text, text, text, int), private.open_client_document(uuid, text, text),
  private.remove_client_document(uuid, text, text) to authenticated, service_role;

create function private.sweep_awaited_documents(batch int default 1000) returns int
  language sql volatile
  set search_path = ''
as $$
  -- A link to upload ends after two hours, and an upload that began in time may last a little longer.
  with overdue as (
    select d.tenant_id, d.id from public.client_documents as d
    where d.state = 'awaited' and d.created_at <= now() - interval '3 hours'
    order by d.created_at limit batch for update skip locked
  ), swept as (
    delete from public.client_documents as d using overdue as o where d.tenant_id = o.tenant_id and d.id = o.id returning 1
  )
  select count(*)::int from swept
$$;
comment on function private.sweep_awaited_documents(int) is
  'Removes documents whose upload was not completed within three hours, the oldest first, at most one batch. Returns how many.';
select cron.schedule('assessments: remove documents that were never uploaded', '*/10 * * * *', 'select private.sweep_awaited_documents()');

create function private.keeps_client_file(tenant uuid, name text) returns boolean
  language sql stable
  set search_path = ''
as $$
  select exists (select from public.client_documents as d where d.tenant_id = keeps_client_file.tenant and d.storage_path = keeps_client_file.name)
$$;
comment on function private.keeps_client_file(uuid, text) is 'Whether a document of the tenant is this file.';
select private.register_bucket('clients', keeps => 'keeps_client_file');

select private.register_audit_action('client_document.opened', 'r');
select private.register_table('public.client_documents', plain => '{content_type,storage_path}', personal => '{name}',
  on_forget => 'delete', forgotten_with => 'public.participant_sessions');
