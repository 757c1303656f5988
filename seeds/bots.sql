-- Bots: the assistant of Kassangas Music Shop, with four templates, three plans, and what the shop knows.

-- Rows that seeds insert are not events, so webhooks report nothing.
select set_config('tenantry.is_restoring', 'on', true);

insert into public.bot_tenants
  (tenant_id, client_name, client_phone, client_email, point_of_contact_name, point_of_contact_phone, business_profile, is_active)
select t.id, 'Kassangas Music Shop', '+447700900145', 'hello@kassangas.test', 'Gideon', '+447700900145', jsonb_build_object(
  'address', 'Moi Avenue, opposite the old post office, Nairobi. Branch: Nkrumah Road, Mombasa.',
  'hours', 'Monday to Friday 8:30 to 18:30, Saturday 9:00 to 17:00. Closed on Sundays and public holidays.',
  'payment', 'Cash, card, M-Pesa.',
  'delivery', 'Nairobi and Mombasa the next working day, 300 shillings. Elsewhere in Kenya in three working days, from 500 shillings.',
  'returns', 'Within seven days, unused and in its box, with the receipt.'), true
from public.tenants as t where t.slug = 'kassangas';

insert into public.bot_templates (tenant_id, bot_id, template_name, description, system_prompt, conversation_context, tone, max_response_length, is_default)
select b.tenant_id, b.id, v.template_name, v.description, v.system_prompt, v.context::jsonb, v.tone::public.bot_tone, v.length, v.is_default
from public.bot_tenants as b join public.tenants as t on t.id = b.tenant_id and t.slug = 'kassangas'
cross join (values
  ('default', 'Greets, and answers what is asked most.', true, 'friendly', 600, '{"languages": ["English", "Swahili"]}',
   'You are the assistant of {{client_name}}. The shop is open {{business.hours}} Its address: {{business.address}} Greet once, answer in two or three sentences, and offer to pass the customer on to Gideon.'),
  ('product', 'Helps to choose an instrument.', false, 'friendly', 900, '{"prices": "in Kenyan shillings, with tax"}',
   'You help customers of {{client_name}} to choose an instrument. Ask for whom it is and what may be spent, then name at most three that the known answers have. Delivery: {{business.delivery}}'),
  ('support', 'Repairs, returns and deliveries.', false, 'professional', 600, '{}',
   'You help customers of {{client_name}} with repairs, returns and deliveries. Returns: {{business.returns}} Whoever is angry, or names a sum, is passed on to a person.')
) as v (template_name, description, is_default, tone, length, context, system_prompt);

update public.bot_control_settings as s set enable_payment_flow = true, subscribe_words = '{subscribe,jiunge,club}'
from public.tenants as t where t.id = s.tenant_id and t.slug = 'kassangas';

insert into public.bot_plans (tenant_id, bot_id, plan_name, amount_minor, level, plan_type)
select b.tenant_id, b.id, v.plan_name, v.amount_minor, v.level, v.plan_type::public.bot_plan_type
from public.bot_tenants as b join public.tenants as t on t.id = b.tenant_id and t.slug = 'kassangas'
cross join (values
  ('Music club', 50000, 1, 'monthly'),
  ('Band club', 120000, 2, 'monthly'),
  ('Chord book', 75000, 1, 'one')
) as v (plan_name, amount_minor, level, plan_type);

insert into public.bot_templates (tenant_id, bot_id, template_name, description, system_prompt, tone, max_response_length, min_level)
select b.tenant_id, b.id, 'lessons', 'Chords and practice, for members of the clubs.',
  'You help members of the music club of {{client_name}} with chords and practice. Answer in short steps that somebody can play at once.', 'friendly', 900, 1
from public.bot_tenants as b join public.tenants as t on t.id = b.tenant_id and t.slug = 'kassangas';

insert into public.bot_training_data (tenant_id, bot_id, data_type, question, answer, category, locale, priority, min_level)
select b.tenant_id, b.id, 'faq', v.question, v.answer, v.category, 'en', v.priority, v.min_level
from public.bot_tenants as b join public.tenants as t on t.id = b.tenant_id and t.slug = 'kassangas'
cross join (values
  ('How do I join the music club?', 'Write SUBSCRIBE here, choose a plan, and confirm it with M-Pesa on your phone.', 'product', 5, 0),
  ('When does the music club meet?', 'On the first Saturday of each month at 15:00, upstairs in the shop. Bring your instrument.', 'lessons', 5, 1),
  ('Which chords should I learn first?', 'G, C, D and E minor: four chords for a hundred songs. Change between two of them for five minutes a day.', 'lessons', 5, 1),
  ('Can our band use the practice room?', 'Yes, two hours a week are yours. Write here which evening suits you.', 'lessons', 5, 2)
) as v (question, answer, category, priority, min_level);

insert into public.bot_training_data (tenant_id, bot_id, data_type, question, answer, category, locale, priority)
select b.tenant_id, b.id, v.data_type::public.bot_data_type, v.question, v.answer, v.category, v.locale, v.priority
from public.bot_tenants as b join public.tenants as t on t.id = b.tenant_id and t.slug = 'kassangas'
cross join (
  select * from (values
    ('faq', 'What instruments do you sell?', 'We sell guitars, keyboards, drums, violins, wind instruments and all that goes with them. Which one are you looking for?', 'product', 'en', 10),
    ('faq', 'What are your opening hours?', 'We are open Monday to Friday from 8:30 to 18:30 and on Saturday from 9:00 to 17:00.', 'default', 'en', 10),
    ('faq', 'Are you open on Sunday?', 'We are closed on Sundays and public holidays. On Saturday we are open from 9:00 to 17:00.', 'default', 'en', 5),
    ('faq', 'Where is your shop?', 'On Moi Avenue, opposite the old post office, in Nairobi. Our branch in Mombasa is on Nkrumah Road.', 'default', 'en', 10),
    ('faq', 'Do you have a branch in Mombasa?', 'Yes, on Nkrumah Road. It has the same prices, and what it does not have arrives there the next day.', 'default', 'en', 0),
    ('faq', 'How can I pay?', 'In cash, by card, or by M-Pesa.', 'default', 'en', 5),
    ('faq', 'Can I pay with M-Pesa?', 'Yes. We send a request to your phone, and you enter your PIN there. We never ask for the PIN.', 'default', 'en', 5),
    ('faq', 'Can I pay in instalments?', 'For instruments from 30,000 shillings: a third at once, and the rest in two months. Please come to the shop with your ID.', 'default', 'en', 0),
    ('faq', 'Do you deliver?', 'Yes. In Nairobi and Mombasa the next working day for 300 shillings, elsewhere in Kenya in three working days from 500 shillings.', 'support', 'en', 10),
    ('faq', 'How much is delivery to Kisumu?', 'To Kisumu it is 600 shillings for what fits into a box, and 1,500 for a keyboard or a drum kit.', 'support', 'en', 0),
    ('faq', 'Do you deliver to Uganda?', 'Not yet. Many customers from Uganda have a friend in Nairobi take it along.', 'support', 'en', 0),
    ('faq', 'How do I return something?', 'Within seven days, unused and in its box, with the receipt. Strings and reeds cannot be returned once they are open.', 'support', 'en', 5),
    ('faq', 'What warranty do I have?', 'A year on all instruments, and two years on keyboards. Bring the receipt.', 'support', 'en', 5),
    ('faq', 'Do you repair guitars?', 'Yes. Setting up a guitar is 1,500 shillings and takes two days. For a broken neck we look first and tell you the price.', 'support', 'en', 5),
    ('faq', 'Do you repair keyboards?', 'Yes, ours and others. Looking at it is 500 shillings, which we take off the price of the repair.', 'support', 'en', 0),
    ('faq', 'Can you tune my piano?', 'We tune pianos in Nairobi for 4,500 shillings, usually within the week. Which day would suit you?', 'support', 'en', 0),
    ('faq', 'Do you give lessons?', 'Yes: guitar, keyboard, drums and violin, 1,200 shillings for an hour. The first one is free if you bought the instrument from us.', 'product', 'en', 5),
    ('faq', 'Which guitar is good for a beginner?', 'Most begin with a classical guitar in the right size: from 8,500 shillings for adults, 6,500 for children. With steel strings the fingers hurt longer.', 'product', 'en', 10),
    ('faq', 'What size of violin does a child need?', 'Ages 4 to 6 play a 1/4, 7 to 9 a 1/2, 10 to 12 a 3/4. Come by, we measure the arm and let the child try.', 'product', 'en', 0),
    ('faq', 'Do you buy used instruments?', 'We take them in payment for another one, after we looked at them in the shop.', 'product', 'en', 0),
    ('faq', 'Do you hire out sound systems?', 'Yes, for a day: 200 people 9,000 shillings, 500 people 18,000, with somebody who sets it up.', 'product', 'en', 0),
    ('faq', 'Do you sell to schools and churches?', 'Yes, with an invoice and 10 percent off from five instruments on. Write us what you need and we send an offer.', 'product', 'en', 0),
    ('faq', 'Do you have left-handed guitars?', 'Two kinds are always there, others come in two weeks. We can also turn the strings of a classical guitar for 800 shillings.', 'product', 'en', 0),
    ('faq', 'How do I look after my guitar?', 'Wipe the strings after playing, keep it in its bag and out of the sun, and change the strings every three months.', 'support', 'en', 0),
    ('faq', 'Can I try an instrument before I buy it?', 'Of course. There is a room for it, and nobody is in a hurry.', 'product', 'en', 0),
    ('faq', 'Do you have gift cards?', 'Yes, for any amount from 1,000 shillings. They are good for a year.', 'product', 'en', 0),
    ('canned_reply', 'hi', 'Hello! This is the assistant of Kassangas Music Shop. What can I do for you?', 'default', null, 0),
    ('canned_reply', 'hello', 'Hello! This is the assistant of Kassangas Music Shop. What can I do for you?', 'default', null, 0),
    ('canned_reply', 'thank you', 'You are welcome. Play well!', 'default', null, 0),
    ('canned_reply', 'asante sana', 'Karibu sana!', 'default', null, 0),
    ('canned_reply', 'habari', 'Nzuri! Mimi ni msaidizi wa Kassangas Music Shop. Naweza kukusaidia vipi?', 'default', null, 0),
    ('faq', 'Mnafungua saa ngapi?', 'Tunafungua saa mbili na nusu asubuhi hadi saa kumi na mbili na nusu jioni, Jumatatu hadi Ijumaa. Jumamosi saa tatu hadi saa kumi na moja.', 'default', 'sw', 5),
    ('faq', 'Duka lenu liko wapi?', 'Moi Avenue, mkabala na posta ya zamani, Nairobi. Tawi la Mombasa liko Nkrumah Road.', 'default', 'sw', 5),
    ('example', 'I want to start with music but I do not know what to play', 'What do you like to listen to? And is it for you or for a child? Then I can name two or three that people begin with.', 'product', 'en', 0),
    ('example', 'My delivery did not arrive and I am angry', 'I am sorry. I pass this on to Gideon at once, he will call you.', 'support', 'en', 0)
  ) as written (data_type, question, answer, category, locale, priority)
  union all
  select 'faq', q.question, q.answer, 'product', 'en', 0
  from (values
    ('classical guitars', 'a classical guitar', 8500), ('acoustic guitars', 'an acoustic guitar', 12500), ('electric guitars', 'an electric guitar', 21000),
    ('bass guitars', 'a bass guitar', 24500), ('ukuleles', 'a ukulele', 4500), ('keyboards', 'a keyboard', 17500), ('digital pianos', 'a digital piano', 68000),
    ('drum kits', 'a drum kit', 49000), ('cajons', 'a cajon', 9800), ('djembes', 'a djembe', 7500), ('congas', 'a pair of congas', 38000),
    ('violins', 'a violin', 11500), ('cellos', 'a cello', 46000), ('trumpets', 'a trumpet', 19500), ('trombones', 'a trombone', 27000),
    ('saxophones', 'a saxophone', 54000), ('clarinets', 'a clarinet', 23000), ('flutes', 'a flute', 18500), ('recorders', 'a recorder', 900),
    ('harmonicas', 'a harmonica', 1800), ('melodicas', 'a melodica', 3500), ('accordions', 'an accordion', 52000), ('nyatitis', 'a nyatiti', 14000),
    ('kalimbas', 'a kalimba', 2200), ('microphones', 'a microphone', 3800), ('guitar amplifiers', 'a guitar amplifier', 13500),
    ('mixing desks', 'a mixing desk', 16500), ('speakers', 'a pair of speakers', 26000), ('music stands', 'a music stand', 1500),
    ('guitar strings', 'a set of guitar strings', 850), ('drumsticks', 'a pair of drumsticks', 600), ('capos', 'a capo', 950), ('tuners', 'a tuner', 1200)
  ) as p (many, one, price)
  cross join lateral (values
    (format('Do you sell %s?', p.many), format('Yes, from %s shillings. Shall I tell you which ones are there today?', to_char(p.price, 'FM999,999'))),
    (format('How much is %s?', p.one), format('They begin at %s shillings, with tax.', to_char(p.price, 'FM999,999')))
  ) as q (question, answer)
) as v (data_type, question, answer, category, locale, priority);
