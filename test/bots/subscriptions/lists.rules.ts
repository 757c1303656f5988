import { admin } from '../../kit/db.ts'
import { type ListRules, newestFirst } from '../../kit/rules/lists.ts'

// The bot that the lists of bots fill, by the ref_id that they give it.
const bot = '01JD3N8Q4ZB6T2V9XK5M7R0C1E'

export default {
  'GET /bots/bots/:bot/plans': {
    noun: 'plans',
    ...newestFirst,
    path: { bot },
    async fillLast({ tenant }) {
      await admin.query(
        `insert into public.bot_plans (tenant_id, bot_id, plan_name, amount_minor, level)
         select $1, private.ulid_to_uuid($2), n::text, 100, 1 from generate_series(1, 3) as n`,
        [tenant.id, bot],
      )
    },
  },
  'GET /bots/bots/:bot/subscriptions': {
    noun: 'subscriptions',
    ...newestFirst,
    path: { bot },
    async fillLast({ tenant }) {
      await admin.query(
        `with ordered as (
           insert into public.payment_orders (tenant_id, provider, kind, amount_minor, currency, bought)
           select $1, 'mpesa', 'bot_subscription', 100, 'KES', '{}' from generate_series(1, 3) returning id)
         insert into public.contact_subscriptions (tenant_id, bot_id, order_id, plan_name, plan_type, level, amount_minor, currency)
         select $1, private.ulid_to_uuid($2), o.id, 'Listed', 'one', 1, 100, 'KES' from ordered as o`,
        [tenant.id, bot],
      )
    },
  },
} satisfies ListRules
