-- Unsubscribing: what whoever holds a mail may do with its link. The functions are for the edge function alone.

create function private.find_unsubscribing(token uuid, out tenant_id uuid, out tenant_name text, out address text, out color text)
  returns setof record
  language sql stable
  set search_path = ''
as $$
  select j.tenant_id, coalesce(b.display_name, t.name), coalesce(j.address, private.confirmed_address(j.user_id)), b.brand #>> '{colors,primary}'
  from private.notification_jobs as j
  join public.tenants as t on t.id = j.tenant_id and t.status <> 'archived'
  left join public.tenant_brands as b on b.tenant_id = t.id
  where j.unsubscribe_token = find_unsubscribing.token and j.channel = 'email' and not j.is_critical and coalesce(j.address, private.confirmed_address(j.user_id)) is not null
$$;
comment on function private.find_unsubscribing(uuid) is 'Whose mails a link ends, and for which address. No row for a link that there is not.';

create function private.unsubscribe(token uuid) returns boolean
  language plpgsql
  set search_path = ''
as $$
declare
  found_one record;
begin
  select * into found_one from private.find_unsubscribing(token);
  if not found then
    return false;
  end if;
  perform private.suppress(found_one.tenant_id, 'email', found_one.address, 'unsubscribed');
  return true;
end
$$;
comment on function private.unsubscribe(uuid) is 'Ends the mails of a tenant to whoever holds this link, but those that are critical. False for a link that there is not.';
