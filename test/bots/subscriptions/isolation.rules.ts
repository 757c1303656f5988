import { letIn, nowhereId, rowId, type TenantName, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

/** The rows of each tenant of the matrix. Ids are of a tenant, so all of them may have the same. */
const bot = '15010000-0000-7000-8000-0000000000b0'
const contact = '15010000-0000-7000-8000-0000000000c0'
const plan = '15010000-0000-7000-8000-0000000000e0'

const written = 'created_at updated_at created_by updated_by'
const planColumns = 'plan_name amount_minor currency level plan_type is_active'
const account =
  '(tenant_id, bot_id, shortcode, consumer_key_secret_id, consumer_secret_secret_id, passkey_secret_id)'
const accountOf = (tenant: TenantName, ofBot: string) =>
  `('${tenantId(tenant)}', '${ofBot}', '174379', '${nowhereId}', '${nowhereId}', '${nowhereId}')`
const subscription =
  '(tenant_id, bot_id, contact_id, plan_id, order_id, plan_name, plan_type, level, amount_minor, currency)'
const subscriptionOf = (
  tenant: TenantName,
  ids: Partial<Record<'bot' | 'plan' | 'order', string>> & { contact?: string | null },
) =>
  `('${tenantId(tenant)}', '${ids.bot ?? bot}', ${ids.contact === null ? 'null' : `'${ids.contact ?? contact}'`}, '${ids.plan ?? plan}', '${ids.order ?? rowId('payment_orders', tenant)}',
    'Probe', 'monthly', 1, 100, 'KES')`
const stray = (ids: Parameters<typeof subscriptionOf>[1]) => ({
  as: 'owner',
  // The tenant's own row has its order already.
  before: `${letIn('contact_subscriptions')}; delete from public.contact_subscriptions`,
  tries: `insert into public.contact_subscriptions ${subscription} values ${subscriptionOf('home', ids)}`,
  gives: '23503',
})

export default {
  relations: {
    bot_plans: {
      columns: `tenant_id id ref_id bot_id ${planColumns} ${written}`,
      key: 'tenant_id',
      select: 'read',
      scopes: ['bots:read'],
      insert: {
        needs: 'manage',
        columns: `tenant_id bot_id ${planColumns}`,
        row: `bot_id, plan_name, amount_minor, level = '${bot}', 'Probe', 100, 1`,
      },
      update: { needs: 'manage', columns: planColumns, set: `level = 2` },
      delete: 'manage',
      service: 'all',
      attempts: [
        {
          as: 'owner',
          tries: `insert into public.bot_plans (tenant_id, bot_id, plan_name, amount_minor, level)
            values ('${tenantId('home')}', '${nowhereId}', 'Probe', 100, 1)`,
          gives: '23503',
        },
      ],
    },
    bot_mpesa_accounts: {
      columns: `tenant_id bot_id shortcode till_number base_url last_problem last_problem_at ${written}`,
      withheld: 'consumer_key_secret_id consumer_secret_secret_id passkey_secret_id',
      key: 'tenant_id',
      select: 'read_admin',
      delete: 'manage',
      service: 'select',
      attempts: [
        // Where the secrets are sent to.
        {
          as: 'owner',
          tries: `update public.bot_mpesa_accounts set base_url = 'https://eve.example'`,
          gives: 'denied',
        },
        {
          as: 'owner',
          before: letIn('bot_mpesa_accounts'),
          tries: `insert into public.bot_mpesa_accounts ${account} values ${accountOf('home', nowhereId)}`,
          gives: '23503',
        },
      ],
    },
    contact_subscriptions: {
      columns:
        'tenant_id id ref_id bot_id contact_id plan_id order_id plan_name plan_type level amount_minor currency phone status reason ' +
        'checkout_request_id starts_at expires_at created_at updated_at',
      withheld: 'attempted_at callback_token_hash is_unclear_told reminded_at is_told',
      key: 'tenant_id',
      select: 'read',
      scopes: ['bots:read'],
      service: 'select',
      attempts: [
        {
          as: 'owner',
          tries: `update public.contact_subscriptions set status = 'subscribed', starts_at = now()`,
          gives: 'denied',
        },
        // A contact who was forgotten says nothing of the bot.
        stray({ bot: nowhereId, contact: null }),
        stray({ contact: nowhereId }),
        stray({ plan: nowhereId }),
        stray({ order: nowhereId }),
      ],
    },
  },
  rows: {
    'public.bot_plans': (tenant) => `(tenant_id, id, bot_id, plan_name, amount_minor, level)
      values ('${tenantId(tenant)}', '${plan}', '${bot}', 'Matrix', 100, 1)`,
    'public.bot_mpesa_accounts': (tenant) => `${account} values ${accountOf(tenant, bot)}`,
    'public.contact_subscriptions': (tenant) => `${subscription} values ${subscriptionOf(tenant, {})}`,
  },
} satisfies IsolationRules
