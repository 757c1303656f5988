create function private.tg_touch_updated_at() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  new.updated_at = now();
  return new;
end
$$;

create function private.tg_stamp_editor() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  -- Whatever the client sent: who made or changed a row is not theirs to say. The service and
  -- migrations have no user, so what they state is kept.
  if tg_op = 'INSERT' then
    new.created_by := coalesce((select auth.uid()), new.created_by);
  else
    new.created_by := old.created_by;
    new.updated_by := (select auth.uid());
  end if;
  return new;
end
$$;

create function private.tg_refuse_change() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  raise exception '% is append-only: what is written there is not changed.', tg_table_name;
end
$$;
