-- Sign-in options: where the people of an e-mail address sign in, told to anybody who asks, at a bounded rate.

create function private.find_sign_in_options(email text) returns jsonb
  language plpgsql stable
  set search_path = ''
as $$
declare
  -- The part before the @ is ignored, so that the answer does not say whether somebody has an account.
  domain text := coalesce(rtrim(private.fold_email(substring(left(find_sign_in_options.email, 400) from '@([^@]+)$')), '.'), '');
  holder uuid;
  slug text;
  provider uuid;
  is_off boolean;
begin
  -- Each step is taken whatever the one before found, with an id that nobody has if it found nothing. Otherwise the time of an
  -- answer would tell a domain that a tenant holds without a provider from one that nobody holds.
  -- Exactly the verified name, because the owner of example.com may not control mail.example.com.
  holder := coalesce((select d.tenant_id from public.tenant_domains as d where d.host = domain and d.status = 'verified'),
    '00000000-0000-0000-0000-000000000000');
  provider := (select c.sso_provider_id from public.tenant_idp_config as c
    where c.tenant_id = holder and c.verified and c.sso_provider_id is not null and (c.keys_expire_at is null or c.keys_expire_at > now())
    order by c.verified_at desc limit 1);
  slug := (select t.slug from public.tenants as t where t.id = holder and t.status <> 'archived');
  is_off := private.is_switched_off(holder, 'sso');
  return case when provider is null or slug is null or is_off then '{"method": "password"}'
    else jsonb_build_object('method', 'sso', 'tenant', slug, 'sso_provider_id', provider) end;
end
$$;
comment on function private.find_sign_in_options(text) is 'What find_idp_for_email() answers. It does the same work for every address.';

-- A definer, because the caller is not yet signed in. It says only where the people of a domain sign in. They must
-- know that.
create function public.find_idp_for_email(email text) returns jsonb
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- Whoever asks for a list of domains learns which of them are customers. Only a session of the platform without a request may.
  if not (private.is_trusted_caller() and coalesce(current_setting('request.headers', true), '') = '')
    and not private.take_turn(private.platform_tenant_id(), private.turn_from_here('sign_in_options'), 600, 'hour') then
    perform private.raise_problem(429, 'too_many_sign_in_questions', 'It was asked 600 times in this hour from here how people sign in. Try again later.');
  end if;
  return private.find_sign_in_options(email);
end
$$;
comment on function public.find_idp_for_email(text) is
  'How the people of an e-mail address sign in: {method: "sso", tenant, sso_provider_id} if its domain and a provider are verified, otherwise {method: "password"}. 600 times an hour from one address; 429 too_many_sign_in_questions.';
grant execute on function public.find_idp_for_email(text) to anon, authenticated, service_role;
