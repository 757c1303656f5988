import { letIn, nowhereId, type TenantName, tenantId } from '../../isolation/matrix/callers.ts'
import type { FunctionRule, IsolationRules, RelationRule } from '../../isolation/matrix/rules.ts'

/** The bot, the contact and the message of each tenant of the matrix. Ids are of a tenant, so all of them may have the same. */
const bot = '15010000-0000-7000-8000-0000000000b0'
const contact = '15010000-0000-7000-8000-0000000000c0'
const message = '15010000-0000-7000-8000-0000000000d0'

const reading = { key: 'tenant_id', select: 'read', scopes: ['bots:read'] } satisfies Partial<RelationRule>
const idOf = (tenant: TenantName | 'nowhere') => (tenant === 'nowhere' ? nowhereId : tenantId(tenant))

const byWriters = (name: string): FunctionRule => ({
  needs: 'write',
  service: true,
  call: (tenant) => `select public.${name}('${idOf(tenant)}', '${contact}')`,
})

/** Somebody whom a grant and a policy let in names what there is not. */
const strays = (relation: string, row: string) => [
  { as: 'owner', before: letIn(relation), tries: `insert into public.${relation} ${row}`, gives: '23503' },
]

export default {
  relations: {
    contacts: {
      ...reading,
      columns: 'tenant_id id ref_id bot_id wa_id user_id full_name opted_out_at created_at',
      service: 'all',
      attempts: strays('contacts', `(tenant_id, bot_id) values ('${tenantId('home')}', '${nowhereId}')`),
    },
    conversation_states: {
      ...reading,
      columns:
        'tenant_id bot_id contact_id taken_over_at taken_over_by escalated_at escalation_reason last_received_at last_message_at notice_on ' +
        'offered_plans offered_at',
      service: 'all',
      attempts: strays(
        'conversation_states',
        `(tenant_id, bot_id, contact_id) values ('${tenantId('home')}', '${bot}', '${nowhereId}')`,
      ),
    },
    bot_messages: {
      ...reading,
      columns:
        'tenant_id id ref_id bot_id contact_id direction source kind whatsapp_message_id message_text raw_payload occurred_at begun_at ' +
        'settled_at outcome reason template_used training_data_ref llm_call_ref answers_id status attempted_at error_code ' +
        'error_message created_at',
      service: 'all',
      attempts: strays(
        'bot_messages',
        `(tenant_id, bot_id, contact_id, direction, source) values ('${tenantId('home')}', '${bot}', '${nowhereId}', 'inbound', 'contact')`,
      ).concat(
        strays(
          'bot_messages',
          `(tenant_id, bot_id, contact_id, direction, source, answers_id)
           values ('${tenantId('home')}', '${bot}', '${contact}', 'inbound', 'contact', '${nowhereId}')`,
        ),
      ),
    },
    conversations: {
      ...reading,
      columns:
        'tenant_id bot_id ref_id contact direction raw_payload message_text whatsapp_message_id occurred_at',
      service: 'select',
      view: 'bot_messages',
    },
    bot_message_logs: {
      ...reading,
      columns:
        'tenant_id bot_id ref_id contact direction message_text whatsapp_message_id ai_processed ai_response outcome reason template_used ' +
        'training_data_id status error_message occurred_at',
      service: 'select',
      view: 'bot_messages',
    },
  },
  functions: {
    take_over_conversation: byWriters('take_over_conversation'),
    hand_back_conversation: byWriters('hand_back_conversation'),
    write_to_contact: {
      needs: 'write',
      scope: 'bots:write',
      service: true,
      call: (tenant) =>
        `select (public.write_to_contact('${idOf(tenant)}', '${bot}', '${contact}', 'Hello')).kind`,
    },
    forget_contact: {
      needs: 'manage',
      service: true,
      call: (tenant) => `select public.forget_contact('${idOf(tenant)}', '${contact}') ->> 'none'`,
    },
  },
  rows: {
    'public.contacts': (tenant) =>
      `(tenant_id, id, bot_id, wa_id, full_name) values ('${tenantId(tenant)}', '${contact}', '${bot}', '254700000001', 'Ada Example')`,
    'public.conversation_states': (tenant) => `(tenant_id, bot_id, contact_id, last_received_at)
      values ('${tenantId(tenant)}', '${bot}', '${contact}', now())`,
    'private.bot_answer_counts': (tenant) => `(tenant_id, bot_id, counted_for, starts_at, message_count)
      values ('${tenantId(tenant)}', '${bot}', '${bot}', '2026-01-01', 1)`,
    'public.bot_messages': (tenant) => `(tenant_id, id, bot_id, contact_id, direction, source, message_text)
      values ('${tenantId(tenant)}', '${message}', '${bot}', '${contact}', 'inbound', 'contact', 'Hello')`,
  },
} satisfies IsolationRules
