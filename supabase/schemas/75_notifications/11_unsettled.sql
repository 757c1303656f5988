-- Unsettled messages: sent to a telephone, and then nobody heard of them again. The provider may tell, or a manager who asked it.

-- What each call reads. It stays small, because what is in it ends after a week.
create index notification_jobs_unknown_idx on private.notification_jobs (tenant_id, id) where status = 'unknown';

-- A definer, as the next one, because jobs are granted to nobody. Only for the service: the edge function has checked the caller's
-- permission.
create function private.list_unsettled_messages(tenant uuid, before uuid, most int)
  returns table (ref_id text, channel public.notification_channel, type text, provider text, recipient text, begun_at timestamptz)
  language sql stable security definer
  set search_path = ''
as $$
  select private.ulid(j.id), j.channel, j.type, j.provider, coalesce(j.address, p.phone), coalesce(j.begun_at, j.settled_at)
  from private.notification_jobs as j
  left join public.user_profiles as p on p.user_id = j.user_id
    -- Nobody's number who has left meanwhile.
    and exists (select from public.tenant_members as m where m.tenant_id = j.tenant_id and m.user_id = j.user_id and m.status = 'active')
  where j.tenant_id = list_unsettled_messages.tenant and j.status = 'unknown' and (before is null or j.id < before)
  order by j.id desc limit most
$$;
comment on function private.list_unsettled_messages(uuid, uuid, int) is
  'Messages of a tenant of which nobody knows whether they were sent, the newest first. For the service.';

create function private.settle_message(tenant uuid, message text, was_sent boolean) returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- From here on it moves only forward, as with a callback: one that comes late still says that it arrived.
  update private.notification_jobs as j set
    status = case when was_sent then 'sent' else 'failed' end::private.notification_job_status, settled_at = now(),
    error = case when not was_sent then 'A manager says that it was not sent.' end
  where j.tenant_id = settle_message.tenant and j.id = private.ulid_to_uuid(message) and j.status = 'unknown';
  if not found then
    perform private.raise_problem(404, 'not_found', 'There is no message with this ref_id whose end is unknown.');
  end if;
  perform private.record_audit(tenant, 'notification_message.settled', 'notification_jobs', message, metadata => jsonb_build_object('was_sent', was_sent));
end
$$;
comment on function private.settle_message(uuid, text, boolean) is
  'What a manager found out about a message whose end is unknown. 404 not_found for any other. For the service.';
select private.register_audit_action('notification_message.settled', 'u', '{was_sent}');
grant execute on function private.list_unsettled_messages(uuid, uuid, int), private.settle_message(uuid, text, boolean) to service_role;

create function private.end_unsettled_messages(batch int default 1000) returns int
  language sql volatile
  set search_path = ''
as $$
  with ended as (
    update private.notification_jobs as j set status = 'failed', settled_at = now(),
      error = 'It may have been sent: the provider said nothing of it for seven days.'
    where j.ctid = any (array(
      select o.ctid from private.notification_jobs as o where o.status = 'unknown' and o.settled_at < now() - interval '7 days'
      limit batch for update skip locked))
    returning 1
  )
  select count(*)::int from ended
$$;
comment on function private.end_unsettled_messages(int) is
  'Ends messages of which nobody has heard for seven days, at most one batch. Returns how many.';
select cron.schedule('notifications: end messages of which nobody hears', '*/10 * * * *', 'select private.end_unsettled_messages()');

create function private.find_unsettled_messages(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  -- A callback comes within minutes.
  select private.ulid(j.id), j.type, j.settled_at from private.notification_jobs as j
  where j.tenant_id = find_unsettled_messages.tenant and j.status = 'unknown' and j.settled_at < now() - interval '1 hour'
  order by j.id limit 6
$$;
select private.register_overview('message_unsettled', 'info', 'read_admin', 'unsettled_message', '/notifications/unsettled',
  'find_unsettled_messages', 'Nobody knows whether a message to a telephone was sent. Ask its provider, and say so.');
