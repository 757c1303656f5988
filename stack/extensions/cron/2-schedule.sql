-- One field of a schedule, as the values it selects. Null if it is malformed. As in pg_cron, a range whose end is
-- before its start selects nothing, and text after a complete list is ignored.
create function cron._parse_field(field text, low int, high int, names text[] default '{}') returns int[]
  language plpgsql immutable set search_path = ''
as $$
declare
  rest text := field;
  parts text[];
  first int;
  last int;
  step int;
  chosen int[] := '{}';
begin
  loop
    parts := pg_catalog.regexp_match(
      rest, '^(?:(\*)|([0-9a-z]+)(?:(-)([0-9a-z]*))?)(?:(/)([0-9a-z]*))?(.?)(.*)$', 'i');
    if parts is null then
      return null;
    end if;
    if parts[1] is not null then
      first := low;
      last := high;
    else
      first := cron._parse_number(parts[2], low, names);
      last := case when parts[3] is null then first else cron._parse_number(parts[4], low, names) end;
    end if;
    step := case when parts[5] is null then 1 else cron._parse_number(parts[6], 0, '{}') end;
    if first is null or last is null or step is null or step < 1 or step > high
      or (parts[5] is not null and parts[1] is null and parts[3] is null)
      or first not between low and high or last not between low and high then
      return null;
    end if;
    chosen := chosen || array(select pg_catalog.generate_series(first, last, step));
    exit when parts[7] <> ',';
    rest := parts[8];
  end loop;
  return chosen;
end
$$;

create function cron._parse_number(word text, low int, names text[]) returns int
  language sql immutable set search_path = ''
as $$
  select coalesce(
    low + pg_catalog.array_position(names, pg_catalog.lower(word)) - 1,
    case when word ~ '^[0-9]{1,9}$' then word::int end)
$$;

-- The meaning of a schedule. Null if pg_cron would not accept it. The scheduler reads the same object, so the check
-- here and the runs there cannot differ.
create function cron._parse_schedule(schedule text) returns jsonb
  language plpgsql immutable strict set search_path = ''
as $$
declare
  months constant text[] := '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}';
  weekdays constant text[] := '{sun,mon,tue,wed,thu,fri,sat}';
  seconds text := pg_catalog.regexp_substr(schedule, '^\s*\+?([0-9]+)\s*second(?:s\s*)?$', 1, 1, 'i', 1);
  fields text[];
  parsed jsonb;
begin
  if seconds is not null then
    return case when seconds ~ '^0*[1-9]$|^0*[1-5][0-9]$'
      then pg_catalog.jsonb_build_object('seconds', seconds::int) end;
  end if;
  if pg_catalog.octet_length(schedule) >= 1000 then
    return null;
  end if;

  fields := pg_catalog.regexp_split_to_array(pg_catalog.btrim(schedule, E' \t\n'), '[ \t\n]+');
  if fields[1] in ('@reboot', '@restart') then
    return '{"restart": true}';
  end if;
  fields := case fields[1]
    when '@yearly' then '{0,0,1,1,*}'
    when '@annually' then '{0,0,1,1,*}'
    when '@monthly' then '{0,0,1,*,*}'
    when '@weekly' then '{0,0,*,*,0}'
    when '@daily' then '{0,0,*,*,*}'
    when '@midnight' then '{0,0,*,*,*}'
    when '@hourly' then '{0,*,*,*,*}'
    else fields end;

  parsed := pg_catalog.jsonb_build_object(
    'minutes', cron._parse_field(fields[1], 0, 59),
    'hours', cron._parse_field(fields[2], 0, 23),
    'days', case when fields[3] = '$' then '{}' else cron._parse_field(fields[3], 1, 31) end,
    'months', cron._parse_field(fields[4], 1, 12, months),
    'weekdays', cron._parse_field(fields[5], 0, 7, weekdays),
    'lastDay', fields[3] = '$',
    -- If both day fields are restricted, a day must match one of them. If one has a star, a day must match both.
    'eitherDay', not (fields[3] like '*%' or fields[5] like '*%'),
    -- Jobs at fixed times and jobs at intervals are treated differently when the clock jumps.
    'wild', fields[1] like '*%' or fields[2] like '*%');
  return case when not parsed @? '$.* ? (@ == null)' then parsed end;
end
$$;
