-- Rows: triggers that many tables share. They set who changed a row and when, and refuse changes.

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
  -- What the client sent does not count: a client may not say who made or changed a row. The service and
  -- migrations have no user, so their values are kept.
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
  raise exception '% is append-only: its rows cannot be changed.', tg_table_name;
end
$$;
