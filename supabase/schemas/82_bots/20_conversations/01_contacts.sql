-- Contacts: the customers who write to a bot.

create table public.contacts (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  bot_id uuid not null,
  wa_id text,
  user_id text,
  full_name text,
  opted_out_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  constraint contacts_bot_fkey foreign key (tenant_id, bot_id) references public.bot_tenants (tenant_id, id) on delete cascade,
  constraint contact_is_of_a_bot unique (tenant_id, bot_id, id),
  constraint wa_id_is_digits check (wa_id ~ '^[1-9][0-9]{6,14}$'),
  constraint user_id_is_short check (length(user_id) between 1 and 200 and user_id ~ '^[!-~]+$'),
  constraint contact_name_is_short check (length(full_name) between 1 and 200)
);
create unique index contacts_ref_id_idx on public.contacts (tenant_id, ref_id) where ref_id is not null;
create unique index contacts_wa_id_idx on public.contacts (tenant_id, bot_id, wa_id) where wa_id is not null;
create unique index contacts_user_id_idx on public.contacts (tenant_id, bot_id, user_id) where user_id is not null;
comment on table public.contacts is 'The customers of a bot. Two bots of one tenant have contacts of their own, also if one person writes to both.';
comment on column public.contacts.wa_id is 'The telephone number as WhatsApp has it: digits without a plus. Whoever has a user name may hide it.';
comment on column public.contacts.user_id is 'What WhatsApp calls the person for this business, whatever the number is.';
comment on column public.contacts.opted_out_at is 'When the contact wrote STOP. Nothing is sent until the contact writes START.';

alter table public.contacts enable row level security;
create policy "members read their bots' contacts" on public.contacts
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{bots:read}'))::uuid[]));
grant select on public.contacts to authenticated;
grant select, insert, update, delete on public.contacts to service_role;

select private.register_table('public.contacts', personal => '{wa_id,user_id,full_name}',
  on_forget => 'keep', kept_because => 'A contact of WhatsApp is known by a telephone number and not by an address. A manager forgets it in its conversation.',
  unaudited => 'made by what the contact writes; forgetting one has its own row in the log');
