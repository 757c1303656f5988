-- The commit wakes the worker, because a notification is delivered at the commit.
create function net.wake() returns void
  language sql
as $$ select pg_catalog.pg_notify('pg_net_wake', '') $$;

create function net.check_worker_is_up() returns void
  language plpgsql
as $$
begin
  perform from pg_catalog.pg_stat_activity where application_name like 'pg_net %';
  if not found then
    raise exception 'the pg_net background worker is not up'
      using detail = 'requests stay in the queue until it is';
  end if;
end
$$;
comment on function net.check_worker_is_up() is 'Raises an exception if no worker sends the queued requests.';

create function net.wait_until_running() returns void
  language plpgsql
as $$
begin
  loop
    -- Within a transaction the view repeats its first answer, until its snapshot is cleared.
    perform pg_catalog.pg_stat_clear_snapshot();
    exit when exists (select from pg_catalog.pg_stat_activity where application_name like 'pg_net %');
    perform pg_catalog.pg_sleep(0.05);
  end loop;
end
$$;
comment on function net.wait_until_running() is 'waits until the worker is running';

create function net.worker_restart() returns bool
  language sql
as $$ select pg_catalog.pg_notify('pg_net_wake', 'restart'); select true $$;

create function net._urlencode_string(string varchar) returns text
  language sql immutable
as $$
  select case when string = '' then '' else (
    select string_agg(
      case when chr(byte) ~ '^[A-Za-z0-9._~-]$' then chr(byte) else '%' || upper(lpad(to_hex(byte), 2, '0')) end,
      '' order by place)
    from (
      select place, get_byte(convert_to(string, 'UTF8'), place) as byte
      from generate_series(0, octet_length(convert_to(string, 'UTF8')) - 1) place
    ) bytes
  ) end
$$;

create function net._encode_url_with_params_array(url text, params_array text[]) returns text
  language plpgsql immutable
as $$
declare
  -- scheme and host, path, query, fragment
  parts text[] := regexp_match(url, '^([a-z][a-z0-9+.-]*://[^/?#\s]+)([^?#\s]*)(\?[^#\s]*)?(#\S*)?$', 'i');
  query text;
begin
  if url is null or params_array is null then
    return null;
  end if;
  if parts is null then
    raise exception using errcode = 'XX000', message = format('invalid URL "%s"', url),
      detail = case when url ~* '^[a-z][a-z0-9+.-]*:' then 'Unsupported URL scheme'
        else 'Bad scheme, or malformed input to a URL function' end;
  end if;
  query := concat_ws('&', nullif(substr(parts[3], 2), ''), nullif(array_to_string(params_array, '&'), ''));
  return parts[1] || coalesce(nullif(parts[2], ''), '/') || coalesce('?' || nullif(query, ''), '')
    || coalesce(parts[4], '');
end
$$;

-- Puts one request in the queue. If the transaction rolls back, its requests are not sent.
create function net._enqueue(
  method text, url text, params jsonb, headers jsonb, body jsonb, timeout_milliseconds int
) returns bigint
  language plpgsql
as $$
declare
  request_id bigint;
begin
  insert into net.http_request_queue (method, url, headers, body, timeout_milliseconds)
  values (
    $1,
    net._encode_url_with_params_array($2, coalesce(
      (select array_agg(net._urlencode_string(key) || '=' || net._urlencode_string(value))
       from jsonb_each_text($3)), '{}')),
    $4,
    convert_to($5::text, 'UTF8'),
    $6
  )
  returning id into request_id;
  perform net.wake();
  return request_id;
end
$$;

create function net.http_get(
  url text, params jsonb default '{}', headers jsonb default '{}', timeout_milliseconds int default 5000
) returns bigint
  language sql
as $$ select net._enqueue('GET', $1, $2, $3, null, $4) $$;

create function net.http_post(
  url text, body jsonb default '{}', params jsonb default '{}',
  headers jsonb default '{"Content-Type": "application/json"}', timeout_milliseconds int default 5000
) returns bigint
  language plpgsql
as $$
declare
  content_type text := (
    select value from jsonb_each_text(coalesce(headers, '{}')) where lower(key) = 'content-type' limit 1);
begin
  if content_type <> 'application/json' then
    raise exception 'Content-Type header must be "application/json"';
  end if;
  if content_type is null then
    headers := headers || '{"Content-Type": "application/json"}';
  end if;
  return net._enqueue('POST', url, params, headers, body, timeout_milliseconds);
end
$$;

create function net.http_delete(
  url text, params jsonb default '{}', headers jsonb default '{}', timeout_milliseconds int default 5000,
  body jsonb default null
) returns bigint
  language sql
as $$ select net._enqueue('DELETE', $1, $2, $3, $5, $4) $$;
