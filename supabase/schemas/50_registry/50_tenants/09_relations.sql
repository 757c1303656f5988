-- Which relations of the API hold rows of tenants, so that anybody can ask each of them for rows of others.

-- A definer, so that whoever is not signed in is told so, also where anon were granted it.
create function public.list_tenant_relations() returns table (relation text, tenant_column text)
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  if (select auth.uid()) is null then
    perform private.raise_problem(401, 'unauthenticated', 'Sign in first.');
  end if;
  return query
    select c.relname::text, a.attname::text
    from pg_catalog.pg_class as c
    join pg_catalog.pg_attribute as a on a.attrelid = c.oid and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
      and a.attname = case c.relname when 'tenants' then 'id' else 'tenant_id' end
    order by c.relname;
end
$$;
comment on function public.list_tenant_relations() is
  'Every relation of the API that holds rows of tenants, with the column that says whose a row is. It reads the catalogue, so none is left out.';
grant execute on function public.list_tenant_relations() to authenticated;
