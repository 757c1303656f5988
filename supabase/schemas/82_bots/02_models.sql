-- Models of bots: which language model writes for a bot that has one of its own.

-- A definer, because the key goes to Vault. Only for the service: the edge function has checked the address and the
-- caller's permission.
create function private.set_bot_model(tenant uuid, bot uuid, provider public.bot_ai_provider, base_url text, model text, api_key text default null)
  returns void
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.bot_tenants;
begin
  if length(set_bot_model.api_key) > 4096 then
    perform private.raise_problem(422, 'invalid_value', 'The key is too long.', '[{"pointer": "/api_key", "detail": "must have 4096 characters at most"}]');
  end if;
  select * into stored from public.bot_tenants as b where b.tenant_id = set_bot_model.tenant and b.id = set_bot_model.bot for no key update;
  if stored.id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no bot with this ref_id.');
  end if;
  update public.bot_tenants as b set ai_provider = set_bot_model.provider, ai_base_url = set_bot_model.base_url, ai_model = set_bot_model.model,
    ai_api_key_secret_id = private.keep_secret(set_bot_model.api_key, stored.ai_api_key_secret_id,
      lower(substring(stored.ai_base_url from '^[a-z]+://[^/]+')) is distinct from lower(substring(set_bot_model.base_url from '^[a-z]+://[^/]+')),
      'key of a bot''s model', 'api_key')
  where b.tenant_id = stored.tenant_id and b.id = stored.id;
end
$$;
comment on function private.set_bot_model(uuid, uuid, public.bot_ai_provider, text, text, text) is
  'Sets which language model writes for a bot, and puts the key in Vault. 404 not_found; 422 invalid_value if the stored key would go to another server.';

-- A definer, as its fellow.
create function private.remove_bot_model(tenant uuid, bot uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  update public.bot_tenants as b set ai_provider = null, ai_base_url = null, ai_model = null, ai_api_key_secret_id = null
  where b.tenant_id = remove_bot_model.tenant and b.id = remove_bot_model.bot and b.ai_provider is not null;
  if not found then
    perform private.raise_problem(404, 'not_found', 'This bot has no model of its own.');
  end if;
end
$$;
comment on function private.remove_bot_model(uuid, uuid) is 'Forgets the model of a bot and its key. The model of the tenant writes for it then. 404 not_found.';
grant execute on function private.set_bot_model(uuid, uuid, public.bot_ai_provider, text, text, text), private.remove_bot_model(uuid, uuid)
  to service_role;
