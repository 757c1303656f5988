-- Contact subscriptions: what a contact chose, whether it is paid, and until when.

create type public.contact_subscription_status as enum (
  'pending', -- chosen; M-Pesa has not said how it ended
  'failed',
  'subscribed',
  'expired'
);

create table public.contact_subscriptions (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  bot_id uuid not null,
  contact_id uuid,
  plan_id uuid,
  order_id uuid not null,
  -- As they were when the contact chose. The plan may change later.
  plan_name text not null,
  plan_type public.bot_plan_type not null,
  level int not null,
  amount_minor bigint not null,
  currency char(3) not null,
  phone text,
  status public.contact_subscription_status not null default 'pending',
  reason text,
  checkout_request_id text,
  -- When M-Pesa was asked to ring the phone. It is asked once, whatever became of it.
  attempted_at timestamptz,
  callback_token_hash bytea,
  is_unclear_told boolean not null default false,
  starts_at timestamptz,
  expires_at timestamptz,
  reminded_at timestamptz,
  is_told boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, id),
  constraint contact_subscriptions_bot_fkey foreign key (tenant_id, bot_id) references public.bot_tenants (tenant_id, id) on delete cascade,
  -- A contact who is forgotten leaves what was paid, and no number.
  constraint contact_subscriptions_contact_fkey foreign key (tenant_id, bot_id, contact_id)
    references public.contacts (tenant_id, bot_id, id) on update cascade on delete set null (contact_id),
  constraint contact_subscriptions_plan_fkey foreign key (tenant_id, plan_id) references public.bot_plans (tenant_id, id)
    on delete set null (plan_id),
  constraint contact_subscriptions_order_fkey foreign key (tenant_id, order_id) references public.payment_orders (tenant_id, id)
    on update cascade on delete cascade,
  constraint contact_subscription_has_its_order unique (tenant_id, order_id),
  constraint subscribed_plan_name_is_short check (length(plan_name) <= 60),
  constraint subscription_phone_is_of_mpesa check (phone ~ '^254[17][0-9]{8}$'),
  constraint forgotten_contact_has_no_phone check (contact_id is not null or phone is null),
  constraint subscription_reason_is_a_word check (reason ~ '^[a-z0-9_]{1,40}$'),
  constraint failed_for_a_reason check (status <> 'failed' or reason is not null),
  constraint subscribed_has_begun check ((status in ('subscribed', 'expired')) = (starts_at is not null)),
  constraint only_a_month_ends check (expires_at is null or starts_at < expires_at and plan_type = 'monthly'),
  constraint a_month_ends check (starts_at is null or plan_type = 'one' or expires_at is not null),
  constraint checkout_request_id_is_short check (length(checkout_request_id) between 1 and 100 and checkout_request_id ~ '^[!-~]+$')
);
create unique index contact_subscriptions_ref_id_idx on public.contact_subscriptions (tenant_id, ref_id) where ref_id is not null;
create unique index contact_subscriptions_checkout_idx on public.contact_subscriptions (tenant_id, bot_id, checkout_request_id)
  where checkout_request_id is not null;
create index contact_subscriptions_bot_idx on public.contact_subscriptions (tenant_id, bot_id, id desc);
create index contact_subscriptions_contact_idx on public.contact_subscriptions (tenant_id, bot_id, contact_id);
create index contact_subscriptions_plan_idx on public.contact_subscriptions (tenant_id, plan_id);
-- The callback names it alone.
create index contact_subscriptions_id_idx on public.contact_subscriptions (id);
create index contact_subscriptions_pending_idx on public.contact_subscriptions (created_at) where status = 'pending';
create index contact_subscriptions_expires_at_idx on public.contact_subscriptions (expires_at) where status = 'subscribed' and expires_at is not null;
create index contact_subscriptions_untold_idx on public.contact_subscriptions (updated_at) where not is_told;
comment on table public.contact_subscriptions is
  'What a contact of a bot subscribed to, a row for each payment. The status follows from what M-Pesa said when it was asked, and moves forward only.';
comment on column public.contact_subscriptions.phone is 'Whose M-Pesa pays, as M-Pesa has it: 254, then nine digits. Null if the contact was forgotten.';
comment on column public.contact_subscriptions.checkout_request_id is 'How M-Pesa calls the payment. Null until it has said so.';
comment on column public.contact_subscriptions.is_told is 'Whether the contact was told of the status, as far as one may be written to.';
create trigger contact_subscriptions_touch before update on public.contact_subscriptions for each row execute function private.tg_touch_updated_at();

create function private.tg_move_subscription() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  if new.contact_id is null then
    new.phone := null;
    new.is_told := true;
  end if;
  if new.status <> old.status then
    -- Whoever has paid after all is subscribed, as with every payment: failed, then paid.
    if (old.status, new.status) not in (('pending', 'failed'), ('pending', 'subscribed'), ('failed', 'subscribed'), ('subscribed', 'expired')) then
      raise exception 'A subscription that is % cannot become %.', old.status, new.status;
    end if;
    new.is_told := new.contact_id is null;
  end if;
  return new;
end
$$;
create trigger contact_subscriptions_move before update on public.contact_subscriptions
  for each row execute function private.tg_move_subscription();

-- A definer, as every function that emits.
create function private.tg_emit_subscription_events() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.emit_event(new.tenant_id, 'subscription.changed', jsonb_build_object('subscription', jsonb_build_object(
      'ref_id', new.ref_id, 'bot', private.ulid(new.bot_id), 'contact', private.ulid(new.contact_id), 'plan_name', new.plan_name,
      'plan_type', new.plan_type, 'level', new.level, 'amount_minor', new.amount_minor, 'currency', new.currency, 'status', new.status,
      'reason', new.reason, 'starts_at', private.event_moment(new.starts_at), 'expires_at', private.event_moment(new.expires_at))),
    'subscription ' || new.ref_id, has_row_lock => true);
  return null;
end
$$;
create trigger contact_subscriptions_emit_made after insert on public.contact_subscriptions
  for each row execute function private.tg_emit_subscription_events();
create trigger contact_subscriptions_emit_moved after update of status on public.contact_subscriptions
  for each row when (old.status <> new.status) execute function private.tg_emit_subscription_events();

alter table public.contact_subscriptions enable row level security;
create policy "members read their bots' subscriptions" on public.contact_subscriptions
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{bots:read}'))::uuid[]));
-- Nobody writes here but functions: a row that somebody else made would be something that nobody paid for.
grant select (tenant_id, id, ref_id, bot_id, contact_id, plan_id, order_id, plan_name, plan_type, level, amount_minor, currency, phone, status,
  reason, checkout_request_id, starts_at, expires_at, created_at, updated_at) on public.contact_subscriptions to authenticated;
grant select on public.contact_subscriptions to service_role;

create function private.contact_level(tenant uuid, bot uuid, contact uuid) returns int
  language sql stable
  set search_path = ''
as $$
  select coalesce(max(s.level), 0) from public.contact_subscriptions as s
  where s.tenant_id = contact_level.tenant and s.bot_id = contact_level.bot and s.contact_id = contact_level.contact
    and s.status = 'subscribed' and s.starts_at <= now() and (s.expires_at is null or s.expires_at > now())
$$;
comment on function private.contact_level(uuid, uuid, uuid) is 'The highest level that a contact has paid for and that counts now. 0: none.';

select private.register_event_type('subscription.changed',
  'A contact of a bot chose a plan, or the payment of it succeeded or failed, or the paid month ended. The status is pending, subscribed, failed or expired.',
  '{"subscription": {"ref_id": "ref_id", "bot": "ref_id", "contact?": "ref_id", "plan_name": "text", "plan_type": "monthly|one", "level": "count",
    "amount_minor": "count", "currency": "text", "status": "text", "reason?": "text", "starts_at?": "moment", "expires_at?": "moment"}}',
  '{"subscription": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "bot": "01JD3N8Q4ZB6T2V9XK5M7R0C1G", "contact": "01JD3N8Q4ZB6T2V9XK5M7R0C1F",
    "plan_name": "Music club", "plan_type": "monthly", "level": 1, "amount_minor": 50000, "currency": "KES", "status": "subscribed", "reason": null,
    "starts_at": "2026-11-20T09:30:00.000Z", "expires_at": "2026-12-20T09:30:00.000Z"}}');

select private.register_table('public.contact_subscriptions', plain => '{plan_name,currency,reason,checkout_request_id}', personal => '{phone}',
  secret => '{callback_token_hash}', quiet => '{attempted_at,is_unclear_told,reminded_at,is_told}',
  on_forget => 'keep', kept_because => 'What was paid is kept with the payment. When the contact is forgotten in its conversation, the number goes.');
