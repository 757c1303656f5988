-- The overview: a provider of e-mail or messages that does not accept its settings.

create function private.find_refusing_notification_providers(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  select p.ref_id, p.channel::text, p.updated_at from public.notification_providers as p
  where p.tenant_id = find_refusing_notification_providers.tenant and p.is_active and p.last_error is not null
  order by p.channel limit 6
$$;
select private.register_overview('notification_provider_refusing', 'error', 'read_admin', 'notification_provider', '/notifications/providers',
  'find_refusing_notification_providers', 'A provider of the tenant refuses its settings, so the platform''s sends instead.');
