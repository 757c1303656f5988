-- Edge functions: how the database calls one.

create function private.call_edge_function(path text, timeout_milliseconds int default 5000) returns bigint
  language plpgsql
  set search_path = ''
as $$
declare
  functions_url text;
  service_key text;
begin
  select max(s.decrypted_secret) filter (where s.name = 'tenantry_functions_url'),
    max(s.decrypted_secret) filter (where s.name = 'tenantry_service_key')
  into functions_url, service_key
  from vault.decrypted_secrets as s where s.name in ('tenantry_functions_url', 'tenantry_service_key');
  if functions_url is null or service_key is null then
    raise warning 'The function % was not called: Vault does not have the secret tenantry_functions_url or tenantry_service_key.', path;
    return null;
  end if;
  return net.http_post(
    url := rtrim(functions_url, '/') || path,
    headers := jsonb_build_object('content-type', 'application/json', 'apikey', service_key),
    body := '{}',
    timeout_milliseconds := call_edge_function.timeout_milliseconds);
end
$$;
comment on function private.call_edge_function(text, int) is
  'Asks pg_net to post to one of our edge functions, as the service, once this transaction commits. Returns the id of that request.';
