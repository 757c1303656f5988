-- Everything the migrations can say, a line each: two databases with the same lines have the same schema.
with ours as (
  select oid, nspname, nspacl from pg_namespace where nspname in ('public', 'private')
), relations as (
  select c.*, c.oid::regclass::text as name from pg_class as c join ours as n on n.oid = c.relnamespace
), routines as (
  select p.*, p.oid::regprocedure::text as name from pg_proc as p join ours as n on n.oid = p.pronamespace
), grants as (
  select 'schema ' || nspname as what, nspacl as acl from ours
  union all select 'relation ' || name, relacl from relations
  union all select 'function ' || name, proacl from routines
  union all select 'column ' || r.name || '.' || a.attname, a.attacl from relations as r join pg_attribute as a on a.attrelid = r.oid
  union all select 'default ' || d.defaclobjtype::text || ' ' || coalesce(n.nspname, 'everywhere') || ' by ' || d.defaclrole::regrole::text, d.defaclacl
    from pg_default_acl as d left join ours as n on n.oid = d.defaclnamespace
    where d.defaclnamespace = 0 or n.oid is not null
), lines (line) as (
  select format('relation %s %s owner %s rls %s/%s options %s partition %s of %s', relkind, name, relowner::regrole, relrowsecurity,
      relforcerowsecurity, reloptions, pg_get_expr(relpartbound, oid),
      (select inhparent::regclass from pg_inherits where inhrelid = r.oid and relkind in ('r', 'p')))
    from relations as r where relkind <> 'i' and relkind <> 'I'
  union all
  select format('column %s.%s %s %s null %s generated %s default %s', r.name, a.attname,
      -- The place among the columns there are: a dropped one keeps its number.
      row_number() over (partition by a.attrelid order by a.attnum), format_type(a.atttypid, a.atttypmod),
      not a.attnotnull, a.attgenerated, pg_get_expr(d.adbin, d.adrelid))
    from relations as r join pg_attribute as a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef as d on d.adrelid = r.oid and d.adnum = a.attnum where r.relkind in ('r', 'p', 'v')
  union all
  select format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(k.oid))
    from pg_constraint as k join ours as n on n.oid = k.connamespace
  union all select 'index ' || pg_get_indexdef(oid) from relations where relkind in ('i', 'I')
  union all select format('view %s %s', name, pg_get_viewdef(oid)) from relations where relkind = 'v'
  union all
  select format('policy %s %s %s %s %s using %s check %s', tablename, policyname, permissive, cmd, roles, qual, with_check)
    from pg_policies where schemaname in ('public', 'private')
  union all
  select format('function %s owner %s %s', name, proowner::regrole, md5(pg_get_functiondef(oid))) from routines
  union all
  select format('trigger %s %s', t.tgenabled, pg_get_triggerdef(t.oid)) from pg_trigger as t
    join pg_proc as p on p.oid = t.tgfoid join ours as n on n.oid = p.pronamespace where not t.tgisinternal
  union all
  select format('enum %s %s', e.enumtypid::regtype, string_agg(e.enumlabel, ',' order by e.enumsortorder))
    from pg_enum as e join pg_type as t on t.oid = e.enumtypid join ours as n on n.oid = t.typnamespace group by e.enumtypid
  union all
  select format('grant %s: %s to %s%s', g.what, a.privilege_type, case a.grantee when 0 then 'public' else a.grantee::regrole::text end,
      case when a.is_grantable then ' with grant option' end)
    from grants as g, aclexplode(g.acl) as a
  union all
  select format('comment %s %s', pg_describe_object(classoid, objoid, objsubid), description) from pg_description
    where (classoid = 'pg_class'::regclass and objoid in (select oid from relations))
      or (classoid = 'pg_proc'::regclass and objoid in (select oid from routines))
      or (classoid = 'pg_namespace'::regclass and objoid in (select oid from ours))
      or (classoid = 'pg_type'::regclass and objoid in (select y.oid from pg_type as y join ours as n on n.oid = y.typnamespace))
      or (classoid = 'pg_trigger'::regclass and objoid in (select g.oid from pg_trigger as g where g.tgrelid in (select oid from relations)))
      or (classoid = 'pg_policy'::regclass and objoid in (select y.oid from pg_policy as y where y.polrelid in (select oid from relations)))
      or (classoid = 'pg_constraint'::regclass and objoid in (select k.oid from pg_constraint as k join ours as n on n.oid = k.connamespace))
  union all select format('extension %s in %s', extname, extnamespace::regnamespace) from pg_extension
  union all select format('job %s %s %s by %s', jobname, schedule, command, username) from cron.job
)
select line from lines order by line
