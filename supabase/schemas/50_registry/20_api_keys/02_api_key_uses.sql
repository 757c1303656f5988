-- Uses of API keys: the limit of requests a minute, and when a key was last used.

-- Unlogged: a crash loses the count of a minute. Such a count is not worth a write to the write-ahead log.
create unlogged table private.api_key_windows (
  tenant_id uuid not null,
  api_key_id uuid not null,
  window_at timestamptz not null,
  request_count bigint not null,
  primary key (tenant_id, api_key_id),
  foreign key (tenant_id, api_key_id) references public.api_keys on delete cascade,
  constraint window_goes_with_its_tenant foreign key (tenant_id) references public.tenants on delete cascade
);
comment on table private.api_key_windows is 'How many requests of the current minute each key has leased to the edge functions.';

create function private.lease_api_key_requests(tenant uuid, key uuid, wanted int)
  returns table (granted int, seconds_left double precision)
  language sql volatile
  set search_path = ''
as $$
  -- The count may go above the limit, by the part of the last lease that did not fit. So one statement is enough.
  with leased as (
    insert into private.api_key_windows as w (tenant_id, api_key_id, window_at, request_count)
    select k.tenant_id, k.id, date_trunc('minute', now()), wanted
    from public.api_keys as k where k.tenant_id = tenant and k.id = key
    on conflict (tenant_id, api_key_id) do update set
      window_at = excluded.window_at,
      request_count = wanted + case when w.window_at = excluded.window_at then w.request_count else 0 end
    returning window_at, request_count
  )
  select greatest(0, least(wanted, k.rate_limit_per_minute - (l.request_count - wanted)))::int,
    extract(epoch from l.window_at + interval '1 minute' - clock_timestamp())::double precision
  from leased as l, public.api_keys as k
  where k.tenant_id = tenant and k.id = key
$$;
comment on function private.lease_api_key_requests(uuid, uuid, int) is
  'Takes up to this many requests from a key''s limit for this minute of the clock. Returns how many it took, and how long the minute lasts.';

create function private.touch_api_keys(tenants uuid[], keys uuid[], moments timestamptz[]) returns void
  language sql volatile
  set search_path = ''
as $$
  -- Several isolates use the same key. One write a minute is enough for all of them.
  update public.api_keys as k set last_used_at = u.used_at
  from unnest(tenants, keys, moments) as u (tenant_id, id, used_at)
  where k.tenant_id = u.tenant_id and k.id = u.id
    and (k.last_used_at is null or k.last_used_at < u.used_at - interval '50 seconds')
$$;
comment on function private.touch_api_keys(uuid[], uuid[], timestamptz[]) is 'Records when keys were last used, to the minute.';

select private.register_table('private.api_key_windows', unaudited => 'counts requests');
