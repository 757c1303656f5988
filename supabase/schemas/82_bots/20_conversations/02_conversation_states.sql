-- States of conversations: who answers a contact now, the bot or a person.

create table public.conversation_states (
  tenant_id uuid not null references public.tenants on delete cascade,
  bot_id uuid not null,
  contact_id uuid not null,
  taken_over_at timestamptz,
  taken_over_by uuid,
  escalated_at timestamptz,
  escalation_reason text,
  last_received_at timestamptz,
  last_message_at timestamptz not null default date_trunc('milliseconds', now()),
  notice_on date,
  offered_plans uuid[],
  offered_at timestamptz,
  primary key (tenant_id, contact_id),
  constraint conversation_states_contact_fkey foreign key (tenant_id, bot_id, contact_id)
    references public.contacts (tenant_id, bot_id, id) on delete cascade,
  constraint offer_has_a_moment check ((offered_plans is null) = (offered_at is null)),
  constraint escalated_for_a_reason check ((escalated_at is null) = (escalation_reason is null)),
  constraint escalation_reason_is_a_word check (escalation_reason ~ '^[a-z_]{1,40}$')
) with (fillfactor = 80);
create index conversation_states_list_idx on public.conversation_states (tenant_id, bot_id, last_message_at desc, contact_id desc);
create index conversation_states_contact_idx on public.conversation_states (tenant_id, bot_id, contact_id);
create index conversation_states_escalated_idx on public.conversation_states (tenant_id, bot_id, last_message_at desc, contact_id desc)
  where escalated_at is not null;
comment on table public.conversation_states is 'Who answers a contact now, and until when the contact may be written to (1:1 with contacts, made together).';
comment on column public.conversation_states.taken_over_at is 'The bot is quiet from then on, until the conversation is handed back.';
comment on column public.conversation_states.escalated_at is 'Since when the contact waits for a person.';
comment on column public.conversation_states.last_received_at is 'WhatsApp lets a business write for 24 hours after it.';
comment on column public.conversation_states.last_message_at is 'In milliseconds, as the API shows it, because the list is in its order.';
comment on column public.conversation_states.offered_plans is 'Which plans the contact was offered, in the order of their numbers. Null: none, or one was chosen.';
comment on column public.conversation_states.notice_on is 'The day on which the contact was last told that there were too many messages.';

alter table public.conversation_states enable row level security;
create policy "members read the states of their bots' conversations" on public.conversation_states
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{bots:read}'))::uuid[]));
grant select on public.conversation_states to authenticated;
grant select, insert, update, delete on public.conversation_states to service_role;

select private.register_table('public.conversation_states', plain => '{escalation_reason}',
  unaudited => 'what people change has an action of its own in the log; the rest follows from the messages');
