-- Suppressions: addresses to which a tenant sends nothing more.

create type public.suppression_reason as enum (
  'unsubscribed', -- critical mails still go there
  'bounced',      -- there is no such mailbox
  'complained',   -- it was reported as spam
  'manual'        -- a manager said so
);

create table public.notification_suppressions (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  channel public.notification_channel not null,
  address text not null,
  reason public.suppression_reason not null,
  expires_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  constraint one_for_each_address unique (tenant_id, channel, address),
  constraint suppressed_address_is_normal check (length(address) <= 320 and address = private.fold_email(address) and address ~ '^[!-~]+$')
);
comment on table public.notification_suppressions is
  'Addresses to which a tenant sends nothing more: their readers said so, or no mailbox is there. A manager can lift it.';
create unique index notification_suppressions_ref_id_idx on public.notification_suppressions (tenant_id, ref_id) where ref_id is not null;
create index notification_suppressions_expires_at_idx on public.notification_suppressions (expires_at) where expires_at is not null;

alter table public.notification_suppressions enable row level security;
create policy "managers read their tenant's suppressions" on public.notification_suppressions
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
create policy "managers lift their tenant's suppressions" on public.notification_suppressions
  for delete to authenticated using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
grant select, delete on public.notification_suppressions to authenticated;
grant select, insert, update, delete on public.notification_suppressions to service_role;

create function private.is_suppressed(tenant uuid, channel public.notification_channel, address text, is_critical boolean) returns boolean
  language sql stable
  set search_path = ''
as $$
  select exists (
    select from public.notification_suppressions as s
    where s.tenant_id = is_suppressed.tenant and s.channel = is_suppressed.channel and s.address = private.fold_email(is_suppressed.address)
      and (s.expires_at is null or s.expires_at > now()) and not (is_suppressed.is_critical and s.reason = 'unsubscribed'))
$$;
comment on function private.is_suppressed(uuid, public.notification_channel, text, boolean) is
  'Whether a tenant sends nothing to an address. Whoever unsubscribed is still told what is critical.';

create function private.suppress(tenant uuid, channel public.notification_channel, address text, reason public.suppression_reason,
    expires_at timestamptz default null) returns void
  language sql
  set search_path = ''
as $$
  insert into public.notification_suppressions as s (tenant_id, channel, address, reason, expires_at)
  values (suppress.tenant, suppress.channel, private.fold_email(suppress.address), suppress.reason, suppress.expires_at)
  on conflict on constraint one_for_each_address do update set (reason, expires_at) = (excluded.reason, excluded.expires_at)
    -- A mailbox that does not exist is the stronger reason: nothing at all goes there. What ends takes the place of nothing
    -- that stays.
    where s.expires_at is not null or s.reason = 'unsubscribed' and excluded.expires_at is null
$$;
comment on function private.suppress(uuid, public.notification_channel, text, public.suppression_reason, timestamptz) is
  'Has a tenant send nothing more to an address.';

create function private.sweep_suppressions(batch int default 1000) returns int
  language sql volatile
  set search_path = ''
as $$
  with swept as (
    delete from public.notification_suppressions as s where s.ctid = any (array(
      select o.ctid from public.notification_suppressions as o where o.expires_at <= now() limit batch for update skip locked))
    returning 1
  )
  select count(*)::int from swept
$$;
comment on function private.sweep_suppressions(int) is 'Removes suppressions that have ended, at most one batch. Returns how many.';
select cron.schedule('notifications: remove suppressions that have ended', '*/10 * * * *', 'select private.sweep_suppressions()');

select private.register_table('public.notification_suppressions', personal => '{address}', on_forget => 'keep',
  kept_because => 'Without it, the person would be written to again. A manager can remove it.');
