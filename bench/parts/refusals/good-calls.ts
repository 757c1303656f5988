import { randomBytes } from 'node:crypto'
import type { Arguments } from './calls.ts'
import { sha256, type World } from './world.ts'

/** A call that is not refused, so that a bad value in it reaches everything that the function does. */
export interface GoodCall {
  /** What differs from the usual arguments. */
  given?(world: World): Arguments
  /** Bad values around another one: `{headers: <bad>}`. */
  around?: Record<string, ((inner: unknown) => unknown)[]>
  /** Lists of one length: position n of each is about the same thing. */
  isParallel?: boolean
  /** The code of the refusal that ends even this call, after everything was looked at. */
  refused?: string
  /** It is made to take some hundreds of parts, and looks at each. */
  takesMany?: boolean
  /** JSON whose size was looked at before, by a column, a schema or the caller. No long list of numbers gets so far. */
  withoutNumbers?: string[]
}

/** The usual argument of a type. */
export const plain: Record<string, unknown> = {
  text: 'word',
  jsonb: {},
  json: {},
  boolean: false,
  integer: 1,
  bigint: 1,
  bytea: Buffer.alloc(32),
  uuid: '00000000-0000-7000-8000-000000000009',
  'timestamp with time zone': '2026-01-31T09:30:00Z',
}

const events = {
  event_ids: ['e1'],
  sources: ['api'],
  types: ['a.b'],
  data: ['{}'],
  tokens: [1],
  models: ['m'],
  costs: [1],
  moments: [new Date().toISOString()],
}
const settings = { issuer: 'https://id.example.com', client_id: 'tenantry' }
const mailServer = { host: 'mail.example.com', port: 465, from_email: 'ada@example.com' }
const headers = (inner: unknown) => ({ headers: inner })
const archetypes = (inner: unknown) => ({ archetype_overrides: inner })
const lastPart = (inner: unknown) => ({ test_clients: inner })
const staticHeader = (inner: unknown) => ({ static_header: inner })

const voids = {
  ref_ids: ['01JD3N8Q4ZB6T2V9XK5M7R0C1E'],
  sources: ['api'],
  event_ids: ['e1'],
  reasons: ['why'],
}
const digest = 'a'.repeat(64)
const started = () => ({ prompt_sha256: digest })
const finished = { given: () => ({ status: 'ok', response_sha256: digest }), refused: 'call_not_found' }
const ofTool = { given: () => ({ status: 'ok', input_sha256: digest, output_sha256: digest }) }
const plural = { takesMany: true, isParallel: true, given: () => events }

const ofDocument = { given: ({ participant, document }: World) => ({ participant, document }) }
const ofSession = { given: ({ session }: World) => ({ token_hash: session }) }

export const goodCalls: Record<string, GoodCall> = {
  'private.save_framework_config': {
    given: () => ({ framework: 'industry4', expected_version: 0 }),
    around: { config: [archetypes, lastPart] },
    withoutNumbers: ['diff'],
  },
  'private.config_fits': { around: { config: [archetypes, lastPart] } },
  'private.require_small_config': { around: { config: [archetypes, lastPart] } },
  'private.appoint_operator': { given: ({ slug }) => ({ email: `${slug}@example.com` }) },
  'private.issue_portal_token': { given: () => ({ portal: 'webhooks' }) },
  'private.revoke_portal_tokens': { given: () => ({ portal: 'webhooks' }) },
  // Auth signed the claims, and headers are texts that have a size. Whose they are is asked at the end.
  'private.enter_operator': { refused: 'forbidden', withoutNumbers: ['claims', 'headers'] },
  'private.begin_session': {
    given: ({ campaign }) => ({ campaign, token_hash: sha256(randomBytes(8).toString('hex')), locale: 'en' }),
  },
  'private.invite_participants': {
    given: ({ campaign }) => ({
      campaign,
      mode: 'likert',
      framework_language: 'en',
      emails: [`${randomBytes(8).toString('hex')}@example.com`],
      full_names: ['Ada Example'],
      locales: ['en'],
      tokens: [randomBytes(32).toString('base64url')],
    }),
    isParallel: true,
  },
  'private.require_invitable': {
    given: () => ({ emails: [`${randomBytes(8).toString('hex')}@example.com`] }),
  },
  'private.await_client_document': {
    given: ({ participant }) => ({ participant, name: 'a.txt', content_type: 'text/plain', byte_count: 5 }),
  },
  'private.open_client_document': ofDocument,
  'private.remove_client_document': ofDocument,
  'private.begin_insight': { ...ofSession, refused: 'invalid_value' },
  'private.begin_reflection': { ...ofSession, refused: 'session_not_completed' },
  'private.find_participants': { given: () => ({ most: 50 }) },
  'private.find_session': ofSession,
  'private.lock_session': ofSession,
  'private.save_contact': ofSession,
  'private.save_answers': { ...ofSession, withoutNumbers: ['given'] },
  'private.complete_session': {
    given: ({ session }) => ({ token_hash: session, framework: 'industry4', scores: [], item_count: 2 }),
    withoutNumbers: ['scores', 'combination', 'followups'],
  },
  'private.add_domain': { given: () => ({ host: 'another.example.com' }) },
  'private.attach_payment_order': { refused: 'not_found' },
  'private.publish_contract_template': {
    given: () => ({ version: 'v9.9', body: '{{legal_name}} {{reference}}' }),
  },
  'private.accept_contract': { refused: 'not_found' },
  'private.submit_onboarding_run': { refused: 'not_found' },
  'private.review_onboarding_run': { refused: 'not_found' },
  'private.find_registration': { refused: 'registration_ended' },
  'private.save_registration_step': { refused: 'registration_ended' },
  'private.order_registration': { given: () => ({ provider: 'stripe' }), refused: 'registration_ended' },
  'private.read_registration_outcome': { refused: 'registration_ended' },
  'private.begin_purge': { refused: 'not_purgeable' },
  'private.complete_webhook_deliveries': { given: () => ({ given: [] }) },
  'private.count_export_rows': { given: () => ({ name: 'campaigns' }) },
  'private.export_rows': { given: () => ({ name: 'campaigns' }) },
  'private.change_plan': { given: () => ({ plan: 'business' }) },
  'private.require_feature': { given: () => ({ feature: 'assessments' }) },
  'private.emit_event': { given: () => ({ type: 'webhook.test' }), withoutNumbers: ['data'] },
  'private.enter_tenant': { given: ({ slug }) => ({ name: slug }) },
  'private.has_long_number': { withoutNumbers: ['value'] },
  'private.json_merge_patch': { withoutNumbers: ['target', 'patch'] },
  'private.merge_webhook_headers': {
    withoutNumbers: ['current'],
    given: () => ({ current_static: null, changes: {} }),
    around: { changes: [headers, staticHeader] },
  },
  'private.normalize_brand': {
    around: { brand: ['colors', 'messages', 'logo'].map((name) => (inner: unknown) => ({ [name]: inner })) },
  },
  'private.after_quiet_hours': {
    given: () => ({ at: '2026-01-31T22:30:00Z', quiet_from: '22:00', quiet_until: '07:00', zone: 'UTC' }),
  },
  'private.is_suppressed': { given: () => ({ channel: 'email' }) },
  'private.suppress': { given: () => ({ channel: 'email', address: 'ada@example.com', reason: 'manual' }) },
  'public.send_message': {
    given: () => ({ channel: 'sms', recipient: '+447700900123', template: 'welcome', data: { name: 'Ada' } }),
  },
  'private.heed_feedback': {
    given: () => ({ channel: 'email', address: 'ada@example.com', feedback: 'soft' }),
  },
  'private.notify': {
    given: () => ({ type: 'limit.near', data: { limit: 'members', percent: 80, most: 10 } }),
    withoutNumbers: ['data'],
  },
  'private.order_plan': { given: () => ({ provider: 'stripe', plan: 'business' }) },
  'private.order_topup': { given: () => ({ provider: 'stripe', bundle: 'credits_500' }) },
  'private.raise_problem': {
    // The names of our own things.
    withoutNumbers: ['members'],
    given: () => ({ status: 422, code: 'invalid_value' }),
    refused: 'invalid_value',
  },
  'private.receive_payment_event': { given: () => ({ provider: 'stripe' }), withoutNumbers: ['fact'] },
  'private.finish_llm_call': finished,
  'private.record_tool_call': ofTool,
  'private.set_model_price': { given: () => ({ kind: 'llm' }) },
  'private.start_llm_call': { given: started },
  'public.finish_llm_call': finished,
  'public.record_tool_call': ofTool,
  'public.start_llm_call': { given: started },
  'private.begin_model_call': { given: started },
  'private.end_model_call': finished,
  'private.set_bot_model': {
    given: ({ bot }) => ({ bot, provider: 'openai', base_url: 'https://api.openai.com/v1', model: 'gpt-4o' }),
  },
  'private.set_bot_number': {
    given: ({ bot }) => ({
      ...{ bot, phone_number_id: '100001', business_account_id: '200001' },
      ...{ access_token: 'token', app_secret: 'secret' },
    }),
  },
  'private.set_bot_mpesa': {
    given: ({ bot }) => ({
      ...{ bot, shortcode: '174379', till_number: null, base_url: 'https://api.safaricom.co.ke' },
      ...{ consumer_key: 'key', consumer_secret: 'secret', passkey: 'passkey' },
    }),
  },
  'private.complete_bot_sends': { given: () => ({ given: [] }), withoutNumbers: ['given'] },
  'private.complete_queue_items': {
    given: () => ({ queue: 'webhooks', given: [] }),
    withoutNumbers: ['given'],
  },
  'private.draft_training_data': { given: ({ bot }) => ({ bot, question: 'Why?', locale: 'en' }) },
  'private.enqueue_bot_messages': {
    takesMany: true,
    given: ({ bot, contact }) => ({ bot, contact, texts: ['Hello'], source: 'bot' }),
  },
  'private.find_contact': {
    given: ({ bot }) => ({ bot, given_wa_id: '254700000002', given_user_id: 'KE.1', given_name: 'Ada' }),
  },
  'private.receive_bot_messages': { given: ({ bot }) => ({ bot, given: [] }), withoutNumbers: ['given'] },
  'private.settle_bot_answer': {
    takesMany: true,
    given: ({ contact, botMessage }) => ({
      ...{ contact, messages: [botMessage], outcome: 'answered', reason: 'model' },
      ...{ replies: ['Yes.'], notice: null, details: {} },
    }),
    withoutNumbers: ['details'],
  },
  'private.take_bot_statuses': { given: ({ bot }) => ({ bot, given: [] }), withoutNumbers: ['given'] },
  'public.write_to_contact': {
    given: ({ bot, contact }) => ({ bot_id: bot, contact_id: contact, message_text: 'Hello' }),
  },
  'private.pause_bot': { given: ({ bot }) => ({ bot, reason: 'account_locked' }) },
  'private.record_number_check': { given: ({ bot }) => ({ bot, outcome: 'bad' }), refused: 'conflict' },
  'private.set_llm_provider': {
    given: () => ({
      provider_type: 'openai',
      base_url: 'https://api.openai.com/v1',
      default_model: 'gpt-4o',
    }),
  },
  'private.record_llm_provider_test': { refused: 'conflict' },
  'private.record_provider_test': { refused: 'conflict' },
  'private.settle_message': { refused: 'not_found' },
  'private.send_phone_code': {
    given: () => ({ phone: '+447700900123', channel: 'whatsapp' }),
    refused: 'no_phone_provider',
  },
  'private.record_idp_check': { given: () => ({ type: 'oidc', outcome: 'bad' }), refused: 'idp_changed' },
  'private.set_notification_provider': {
    given: () => ({ channel: 'email', provider: 'smtp', config: mailServer }),
  },
  'private.secret_goes_to': { given: () => ({ provider: 'smtp' }) },
  'private.record_audit': { given: () => ({ action: 'tenant.exported' }), withoutNumbers: ['metadata'] },
  'private.record_audit_read': { given: () => ({ action: 'tenant.exported' }), withoutNumbers: ['metadata'] },
  'private.refuse_taken_slug': { refused: 'slug_taken' },
  'private.webhook_payload': { withoutNumbers: ['data'] },
  'private.find_model_price': { given: () => ({ kind: 'llm' }) },
  'private.require_call_text': { given: () => ({ most: 100 }) },
  'private.require_call_hash': { given: () => ({ value: digest }) },
  'private.refund_credits': { refused: 'reservation_not_found' },
  'private.refuse_other_request': { refused: 'idempotency_conflict' },
  'public.accept_invitation': { given: ({ token }) => ({ token }), refused: 'already_member' },
  'public.acknowledge_webhook_deliveries': { given: ({ polled }) => ({ endpoint_id: polled }) },
  'private.request_cancellation': { refused: 'not_found' },
  'public.check_entitlement': { given: () => ({ product: 'marketing' }) },
  'public.consume_credits': { refused: 'reservation_not_found' },
  'public.mark_notifications': { given: () => ({ ref_ids: ['01JD3N8Q4ZB6T2V9XK5M7R0C1E'] }) },
  'public.create_webhook_endpoint': {
    given: () => ({ url: 'https://hooks.example.com/in' }),
    around: {
      static_header: [(inner) => ({ name: inner, value: 'x' }), (inner) => ({ name: 'x', value: inner })],
    },
  },
  'public.list_webhook_deliveries': { given: () => ({ status: 'pending' }) },
  'public.log_usage_event': { given: () => ({ event_type: 'a.b' }) },
  'public.log_usage_events': plural,
  'public.release_credits': { refused: 'reservation_not_found' },
  'public.replay_webhook_deliveries': { given: () => ({ since: '2026-01-31T09:30:00Z' }) },
  'public.reserve_credits_batch': { given: () => ({ credits: [1], idempotency_keys: ['k'] }) },
  'public.set_join_rule': {
    given: () => ({ type: 'oidc', rule: { rule: 'off' } }),
    around: {
      rule: [
        (inner) => ({ rule: 'off', groups: inner }),
        (inner) => ({ rule: 'off', groups: [{ value: inner, role: 'member' }] }),
        (inner) => ({ rule: 'off', claim: inner }),
      ],
    },
  },
  'public.set_idp_config': {
    given: () => ({ type: 'oidc', metadata: settings }),
    around: {
      metadata: [(inner) => ({ ...settings, scopes: inner }), (inner) => ({ ...settings, issuer: inner })],
    },
  },
  'public.void_usage_events': { takesMany: true, isParallel: true, given: () => voids },
  'public.update_webhook_endpoint': {
    around: {
      changes: [headers, staticHeader, (inner) => ({ event_types: inner }), (inner) => ({ url: inner })],
    },
  },
}
