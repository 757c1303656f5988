-- Conversations of Kassangas Music Shop: three weeks of what customers wrote, what the bot knew, and where a person helped.

select set_config('tenantry.is_restoring', 'on', true);

with shop as (
  select b.tenant_id, b.id as bot_id from public.bot_tenants as b join public.tenants as t on t.id = b.tenant_id and t.slug = 'kassangas'
), said as (
  select v.*, row_number() over () as n, case
      when v.days = 0 then now() - make_interval(mins => 90) + make_interval(mins => v.minute)
      else date_trunc('day', now()) - make_interval(days => v.days) + interval '9 hours' + make_interval(mins => v.minute) end as at
  from (values
    -- Who, days ago, minute, by whom, the text; and of a contact's text what the bot did, and why.
    ('Njeri Example', '254700001001', 20, 0, 'contact', 'Do you sell ukuleles?', 'answered', 'training_data'),
    ('Njeri Example', '254700001001', 20, 0, 'bot', 'Yes, from 4,500 shillings. Shall I tell you which ones are there today?', null, null),
    ('Njeri Example', '254700001001', 20, 4, 'contact', 'Do you deliver?', 'answered', 'training_data'),
    ('Njeri Example', '254700001001', 20, 4, 'bot', 'Yes. In Nairobi and Mombasa the next working day for 300 shillings, elsewhere in Kenya in three working days from 500 shillings.', null, null),
    ('Otieno Example', '254700001002', 17, 130, 'contact', 'Can you tune my piano?', 'answered', 'training_data'),
    ('Otieno Example', '254700001002', 17, 130, 'bot', 'We tune pianos in Nairobi for 4,500 shillings, usually within the week. Which day would suit you?', null, null),
    ('Otieno Example', '254700001002', 17, 133, 'contact', 'Thursday afternoon, in Kilimani', 'escalated', 'model_does_not_know'),
    ('Otieno Example', '254700001002', 17, 133, 'bot', 'Thank you. Somebody of Kassangas Music Shop will answer you here.', null, null),
    ('Otieno Example', '254700001002', 17, 151, 'person', 'Gideon here. Thursday at 15:00 works. Which floor is the piano on?', null, null),
    ('Otieno Example', '254700001002', 17, 154, 'contact', 'Ground floor. Thank you!', 'silent', 'taken_over'),
    ('Wanjiku Example', '254700001003', 12, 45, 'contact', 'Mnafungua saa ngapi?', 'answered', 'training_data'),
    ('Wanjiku Example', '254700001003', 12, 45, 'bot', 'Tunafungua saa mbili na nusu asubuhi hadi saa kumi na mbili na nusu jioni, Jumatatu hadi Ijumaa. Jumamosi saa tatu hadi saa kumi na moja.', null, null),
    ('Amina Example', '254700001004', 6, 210, 'contact', 'Which guitar is good for a beginner?', 'answered', 'training_data'),
    ('Amina Example', '254700001004', 6, 210, 'bot', 'Most begin with a classical guitar in the right size: from 8,500 shillings for adults, 6,500 for children. With steel strings the fingers hurt longer.', null, null),
    ('Amina Example', '254700001004', 6, 214, 'contact', 'Can I pay in instalments?', 'answered', 'training_data'),
    ('Amina Example', '254700001004', 6, 214, 'bot', 'For instruments from 30,000 shillings: a third at once, and the rest in two months. Please come to the shop with your ID.', null, null),
    ('Kamau Example', '254700001005', 3, 300, 'contact', 'STOP', 'silent', 'opted_out'),
    ('Halima Example', '254700001006', 0, 5, 'contact', 'Hello', 'answered', 'training_data'),
    ('Halima Example', '254700001006', 0, 5, 'bot', 'Hello! This is the assistant of Kassangas Music Shop. What can I do for you?', null, null),
    ('Halima Example', '254700001006', 0, 7, 'contact', 'My saxophone came with a broken reed holder and I play on Sunday', 'escalated', 'model_does_not_know'),
    ('Halima Example', '254700001006', 0, 7, 'bot', 'Thank you. Somebody of Kassangas Music Shop will answer you here.', null, null)
  ) as v (full_name, wa_id, days, minute, source, text, outcome, reason)
), people as (
  insert into public.contacts (tenant_id, bot_id, wa_id, full_name, opted_out_at, created_at)
  select s.tenant_id, s.bot_id, w.wa_id, w.full_name, w.opted_out_at, w.first_at
  from shop as s cross join (
    select full_name, wa_id, min(at) as first_at, max(at) filter (where reason = 'opted_out') as opted_out_at from said group by full_name, wa_id) as w
  returning *
), states as (
  insert into public.conversation_states (tenant_id, bot_id, contact_id, last_received_at, last_message_at, escalated_at, escalation_reason)
  select p.tenant_id, p.bot_id, p.id, max(w.at) filter (where w.source = 'contact'), date_trunc('milliseconds', max(w.at)),
    max(w.at) filter (where w.outcome = 'escalated' and w.days = 0), max(w.reason) filter (where w.outcome = 'escalated' and w.days = 0)
  from people as p join said as w on w.wa_id = p.wa_id
  group by p.tenant_id, p.bot_id, p.id
)
insert into public.bot_messages (tenant_id, id, bot_id, contact_id, direction, source, message_text, occurred_at, settled_at, outcome, reason,
  training_data_ref, status, created_at)
select p.tenant_id, private.uuid_v7_at((extract(epoch from w.at) * 1000000)::bigint + w.n), p.bot_id, p.id,
  case w.source when 'contact' then 'inbound' else 'outbound' end::public.message_direction, w.source::public.bot_message_source, w.text,
  w.at, case when w.outcome is not null then w.at end, w.outcome, w.reason, case when w.reason = 'training_data' then d.ref_id end,
  case when w.source <> 'contact' then 'read'::public.bot_message_status end, w.at
from people as p join said as w on w.wa_id = p.wa_id
left join public.bot_training_data as d on d.tenant_id = p.tenant_id and d.bot_id = p.bot_id and d.question_folded = private.fold_text(w.text)
order by w.n;
