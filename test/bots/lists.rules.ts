import { admin } from '../kit/db.ts'
import { type ListRules, newestFirst } from '../kit/rules/lists.ts'

// The bot is of the tenant that is filled, so its ref_id is one that the test can know beforehand.
const bot = '01JD3N8Q4ZB6T2V9XK5M7R0C1E'
const contact = '01JD3N8Q4ZB6T2V9XK5M7R0C1F'

export default {
  'GET /bots/bots': {
    noun: 'bots',
    ...newestFirst,
    async fill({ make }) {
      for (const client_name of ['one', 'two', 'three']) await make('/bots/bots', { client_name })
    },
  },
  'GET /bots/bots/:bot/templates': {
    noun: 'templates',
    ...newestFirst,
    path: { bot },
    async fill({ tenant }) {
      await admin.query(
        `with made as (
           insert into public.bot_tenants (tenant_id, id, client_name) values ($1, private.ulid_to_uuid($2), 'Listed') returning tenant_id, id)
         insert into public.bot_templates (tenant_id, bot_id, template_name, system_prompt)
         select m.tenant_id, m.id, n::text, 'Sell.' from made as m, generate_series(1, 3) as n`,
        [tenant.id, bot],
      )
    },
  },
  'GET /bots/bots/:bot/training-data': {
    noun: 'training_data',
    ...newestFirst,
    path: { bot },
    async fillLast({ tenant }) {
      await admin.query(
        `insert into public.bot_training_data (tenant_id, bot_id, question, answer)
         select $1, private.ulid_to_uuid($2), n || '?', 'Yes.' from generate_series(1, 3) as n`,
        [tenant.id, bot],
      )
    },
  },
  'GET /bots/bots/:bot/conversations': {
    noun: 'conversations',
    by: ({ last_message_at }) => last_message_at!,
    order: 'those of the newest messages first',
    path: { bot },
    async fillLast({ tenant }) {
      await admin.query(
        `with made as (
           insert into public.contacts (tenant_id, id, bot_id, wa_id)
           select $1, case n when 1 then private.ulid_to_uuid($3) else private.uuid_v7() end, private.ulid_to_uuid($2), '25470000000' || n
           from generate_series(1, 3) as n returning *)
         insert into public.conversation_states (tenant_id, bot_id, contact_id, last_message_at)
         select m.tenant_id, m.bot_id, m.id, date_trunc('milliseconds', now()) - random() * interval '1 hour' from made as m`,
        [tenant.id, bot, contact],
      )
      await admin.query(
        `update public.conversation_states set last_message_at = date_trunc('milliseconds', last_message_at) where tenant_id = $1`,
        [tenant.id],
      )
    },
  },
  'GET /bots/bots/:bot/conversations/:contact/messages': {
    noun: 'messages',
    ...newestFirst,
    path: { bot, contact },
    async fillLast({ tenant }) {
      await admin.query(
        `insert into public.bot_messages (tenant_id, bot_id, contact_id, direction, source, message_text)
         select $1, private.ulid_to_uuid($2), private.ulid_to_uuid($3), 'inbound', 'contact', n::text from generate_series(1, 3) as n`,
        [tenant.id, bot, contact],
      )
    },
  },
} satisfies ListRules
