-- The overview: a language model that does not accept its key.

create function private.find_refusing_llm_provider(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  select null, p.default_model, p.updated_at from public.llm_providers as p
  where p.tenant_id = find_refusing_llm_provider.tenant and p.is_active and p.last_error is not null
$$;
select private.register_overview('llm_provider_refusing', 'error', 'read_admin', 'llm_provider', '/usage/llm-provider', 'find_refusing_llm_provider',
  'The language model of the tenant refuses its settings, so the platform''s is asked instead.');
