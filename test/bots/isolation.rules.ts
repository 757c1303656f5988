import { letIn, nowhereId, type TenantName, tenantId } from '../isolation/matrix/callers.ts'
import type { IsolationRules } from '../isolation/matrix/rules.ts'

const written = 'created_at updated_at created_by updated_by'
const shop =
  'client_name client_phone client_email point_of_contact_name point_of_contact_phone business_profile is_active metadata'
const template =
  'template_name description system_prompt conversation_context tone max_response_length is_active is_default metadata min_level'
const training = 'data_type question answer category locale priority confidence_score is_active min_level'
const number =
  'whatsapp_phone_number_id whatsapp_business_account_id display_phone_number verified_name whatsapp_token_expires_at ' +
  'is_verified verified_at last_checked_at last_problem paused_at paused_reason verify_token_made_at previous_verify_token_expires_at'
const settings =
  'is_bot_enabled enable_ai_responses enable_training_mode enable_auto_reply is_typing_shown log_conversations enable_payment_flow subscribe_words max_messages_per_hour ' +
  'max_messages_per_user_per_day escalation_email escalation_phone metadata'

/** The bot of each tenant of the matrix. Ids are of a tenant, so all of them may have the same. */
const bot = '15010000-0000-7000-8000-0000000000b0'

const numberColumns = `(tenant_id, bot_id, whatsapp_phone_number_id, whatsapp_business_account_id, access_token_secret_id, app_secret_id,
  verify_token_secret_id, verify_token_hash)`
const numberOf = (tenant: TenantName, ofBot: string) =>
  `('${tenantId(tenant)}', '${ofBot}', '100001', '200001', '${nowhereId}', '${nowhereId}', '${nowhereId}', 'Probe')`

export default {
  relations: {
    bot_tenants: {
      columns: `tenant_id id ref_id ${shop} ai_provider ai_base_url ai_model ai_api_key_secret_id switched_off_at ${written}`,
      secretsShown: {
        ai_api_key_secret_id:
          'an id in Vault, which no role of the API can read; shown as whether there is a key',
      },
      key: 'tenant_id',
      select: 'read',
      scopes: ['bots:read'],
      insert: { needs: 'manage', columns: `tenant_id ${shop}`, row: `client_name = 'Probe'` },
      update: { needs: 'manage', columns: shop, set: `client_name = 'Probe'` },
      delete: 'manage',
      service: 'all',
      attempts: [
        // Where the key of the model is sent to.
        {
          as: 'owner',
          tries: `update public.bot_tenants set ai_base_url = 'https://eve.example/v1'`,
          gives: 'denied',
        },
        { as: 'owner', tries: `update public.bot_tenants set switched_off_at = null`, gives: 'denied' },
      ],
    },
    bot_templates: {
      columns: `tenant_id id ref_id bot_id ${template} version ${written}`,
      key: 'tenant_id',
      select: 'read',
      scopes: ['bots:read'],
      insert: {
        needs: 'write',
        columns: `tenant_id bot_id ${template}`,
        row: `bot_id, template_name, system_prompt = '${bot}', 'Probe', 'Probe'`,
      },
      update: { needs: 'write', columns: template, set: `description = 'Probe'` },
      delete: 'write',
      service: 'all',
      attempts: [
        {
          as: 'member',
          tries: `insert into public.bot_templates (tenant_id, bot_id, template_name, system_prompt)
            values ('${tenantId('home')}', '${nowhereId}', 'Probe', 'Probe')`,
          gives: '23503',
        },
      ],
    },
    bot_training_data: {
      columns: `tenant_id id ref_id bot_id ${training} question_folded search_vector ${written}`,
      key: 'tenant_id',
      select: 'read',
      scopes: ['bots:read'],
      insert: {
        needs: 'write',
        columns: `tenant_id bot_id ${training}`,
        row: `bot_id, question, answer = '${bot}', 'Probe', 'Probe'`,
      },
      update: { needs: 'write', columns: training, set: `priority = 1` },
      delete: 'write',
      service: 'all',
      attempts: [
        {
          as: 'member',
          tries: `insert into public.bot_training_data (tenant_id, bot_id, question, answer)
            values ('${tenantId('home')}', '${nowhereId}', 'Probe', 'Probe')`,
          gives: '23503',
        },
      ],
    },
    bot_control_settings: {
      columns: `tenant_id bot_id ${settings} ${written}`,
      key: 'tenant_id',
      select: 'read',
      scopes: ['bots:read'],
      update: { needs: 'manage', columns: settings, set: `is_bot_enabled = false` },
      service: 'all',
      attempts: [
        {
          // A person whom a grant and a policy let in.
          as: 'owner',
          before: letIn('bot_control_settings'),
          tries: `insert into public.bot_control_settings (tenant_id, bot_id) values ('${tenantId('home')}', '${nowhereId}')`,
          gives: '23503',
        },
      ],
    },
    bot_numbers: {
      columns: `tenant_id bot_id ${number} ${written}`,
      withheld:
        'access_token_secret_id app_secret_id verify_token_secret_id verify_token_hash previous_verify_token_hash ' +
        'expiry_told_days verify_token_told_at revision',
      key: 'tenant_id',
      select: 'read_admin',
      delete: 'manage',
      service: 'select',
      attempts: [
        { as: 'owner', tries: `update public.bot_numbers set is_verified = true`, gives: 'denied' },
        {
          as: 'owner',
          before: letIn('bot_numbers'),
          tries: `insert into public.bot_numbers ${numberColumns} values ${numberOf('home', nowhereId)}`,
          gives: '23503',
        },
      ],
    },
  },
  privateFunctions: {
    is_business_profile: 'pure; a check constraint of bot_tenants calls it',
    word_keys: 'pure; an index of bot_training_data calls it',
    fold_text: 'pure; a generated column of bot_training_data calls it',
    is_stop_word: 'pure; a check constraint of bot_control_settings calls it',
    are_subscribe_words: 'pure; a check constraint of bot_control_settings calls it',
    text_language: 'pure; a generated column of bot_training_data calls it',
  },
  rows: {
    'public.bot_tenants': (tenant) =>
      `(tenant_id, id, client_name) values ('${tenantId(tenant)}', '${bot}', 'Matrix')`,
    'public.bot_templates': (tenant) => `(tenant_id, bot_id, template_name, system_prompt)
      values ('${tenantId(tenant)}', '${bot}', 'Matrix', 'Matrix')`,
    'public.bot_training_data': (tenant) => `(tenant_id, bot_id, question, answer)
      values ('${tenantId(tenant)}', '${bot}', 'Matrix?', 'Matrix.')`,
    'private.bot_words': (tenant) => `(tenant_id, bot_id, word, row_count)
      values ('${tenantId(tenant)}', '${bot}', 'Matrix', 1)`,
    'public.bot_numbers': (tenant) => `${numberColumns} values ${numberOf(tenant, bot)}`,
  },
} satisfies IsolationRules
