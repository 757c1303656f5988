-- Turns: how often something was done in a tenant within a period, whatever became of it.

create table private.tenant_turns (
  tenant_id uuid not null references public.tenants on delete cascade,
  what text not null,
  period_at timestamptz not null,
  turn_count int not null,
  primary key (tenant_id, what),
  constraint turn_is_a_word check (what ~ '^[a-z_]{1,40}$')
);
comment on table private.tenant_turns is
  'How often something was done in this period. A limit that counted rows could be passed by removing rows and making them again.';

create function private.take_turn(tenant uuid, what text, most int, period text) returns boolean
  language sql volatile
  set search_path = ''
as $$
  insert into private.tenant_turns as t (tenant_id, what, period_at, turn_count)
  values (take_turn.tenant, take_turn.what, date_trunc(take_turn.period, now(), 'UTC'), 1)
  on conflict (tenant_id, what) do update set
    period_at = excluded.period_at,
    turn_count = 1 + case when t.period_at = excluded.period_at then t.turn_count else 0 end
  returning turn_count <= most
$$;
comment on function private.take_turn(uuid, text, int, text) is
  'Counts that something is done in a tenant, and says whether it may be: at most so often in this minute, hour or day of the clock (UTC).';

create function private.turn_from_here(what text) returns text
  language sql stable
  set search_path = ''
as $$
  -- Addresses share 4096 counters, so that nobody can fill the table with addresses. A customer of a provider holds
  -- 2^64 addresses of IPv6, so these count as one. Requests of an unknown address share one counter.
  select what || '_from_' || translate(left(md5(coalesce(
    host(case when family(address) = 6 then network(set_masklen(address, 64)) else address end), '')), 3), '0123456789', 'ghijklmnop')
  from (select private.request_address(nullif(current_setting('request.headers', true), '')::jsonb) as address) as caller
$$;
comment on function private.turn_from_here(text) is 'What take_turn() counts if it counts by the address that the request came from.';

-- A definer, because nobody may count turns directly.
create function private.require_upload_turn(tenant uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- Whoever may not upload must not use up what the tenant's people need.
  perform private.require_permission(require_upload_turn.tenant, 'write');
  if not private.take_turn(require_upload_turn.tenant, 'file_uploaded', 60, 'hour') then
    perform private.raise_problem(429, 'too_many_uploads', 'This tenant has uploaded 60 files in this hour.');
  end if;
end
$$;
comment on function private.require_upload_turn(uuid) is
  'Counts an upload, because a file stays for a day although no row knows it. 429 too_many_uploads.';
grant execute on function private.require_upload_turn(uuid) to authenticated, service_role;

select private.register_table('private.tenant_turns', keeping => 'derived', plain => '{what}', unaudited => 'counts what has rows of its own in the log');
