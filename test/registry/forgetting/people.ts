import { inject } from 'vitest'
import { admin, superuser } from '../../kit/db.ts'
import type { Tenant } from '../../kit/tenants.ts'

/** Somebody a tenant holds rows about. The mark is in every row of theirs, beside the address. */
export interface Subject {
  address: string
  mark: string
}

type Fill = (tenant: Tenant, subject: Subject, endpoint: string) => Promise<unknown>

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

/** What makes a row about a person, by table. A table whose rows are erased or deleted has to be here. */
export const fills: Record<string, Fill> = {
  participant_sessions: ({ id }, { address, mark }) =>
    admin.query(
      'insert into public.participant_sessions (tenant_id, email, full_name) values ($1, $2, $3), ($1, upper($2), $3)',
      [id, address, mark],
    ),
  client_bios: ({ id }, { address, mark }) =>
    admin.query(
      `with session as (
         insert into public.participant_sessions (tenant_id, email, full_name) values ($1, $2, $3) returning tenant_id, id
       )
       insert into public.client_bios (tenant_id, session_id, headline, background, goals, notes)
       select tenant_id, id, $3, $3, $3, $3 from session`,
      [id, address, mark],
    ),
  client_documents: ({ id, ref_id }, { address, mark }) =>
    admin.query(
      `with session as (
         insert into public.participant_sessions (tenant_id, email, full_name) values ($1, $2, $3) returning tenant_id, id
       )
       insert into public.client_documents (tenant_id, session_id, name, content_type, byte_count, storage_path)
       select tenant_id, id, $3::text || '.txt', 'text/plain', 5, $4 || '/' || md5($2) from session`,
      [id, address, mark, ref_id],
    ),
  participant_reflections: ({ id }, { address, mark }) =>
    admin.query(
      `with session as (
         insert into public.participant_sessions (tenant_id, email, full_name) values ($1, $2, $3) returning tenant_id, id
       )
       insert into public.participant_reflections (tenant_id, session_id, disclosure, language, status, words, written_at)
       select tenant_id, id, 'full', 'en', 'written', $3, now() from session`,
      [id, address, mark],
    ),
  participant_insights: ({ id }, { address, mark }) =>
    admin.query(
      `with session as (
         insert into public.participant_sessions (tenant_id, email, full_name) values ($1, $2, $3) returning tenant_id, id
       )
       insert into public.participant_insights (tenant_id, session_id, item_id, answer, language, status, words)
       select tenant_id, id, 'l01', '5', 'en', 'written', $3 from session`,
      [id, address, mark],
    ),
  // One in the partition of this month, one in an old one.
  usage_events: ({ id }, { address, mark }) =>
    admin.query(
      `insert into public.usage_events (tenant_id, event_type, event_data, tokens_used, cost_micros, occurred_at)
       select $1, 'llm.call', $2, 7, 1100, now() - make_interval(days => d) from unnest('{0,400}'::int[]) as d`,
      [id, { people: [{ contact: `Ada <${address}>`, note: `Write to:\n${address}`, mark }] }],
    ),
  tenant_invitations: ({ id }, { address, mark }) =>
    admin.query(
      'insert into public.tenant_invitations (tenant_id, email, token_hash) values ($1, lower($2), sha256(convert_to($3, $4)))',
      [id, address, mark, 'utf8'],
    ),
  notifications: ({ id }, { address, mark }) =>
    admin.query(
      `insert into public.notifications (tenant_id, user_id, type, message, data)
       select tenant_id, user_id, 'limit.near', $2, $3 from public.tenant_members where tenant_id = $1 and role = 'owner'`,
      [id, `${address} wrote. ${mark}`, JSON.stringify({ email: address, mark })],
    ),
  // A trigger of participant_sessions writes them.
  'private.participant_names': async () => {},
  'private.notification_jobs': ({ id }, { address, mark }) =>
    admin.query(
      `insert into private.notification_jobs (tenant_id, type, template, address, data, idempotency_key, status, settled_at)
       values ($1, 'welcome', 'welcome', lower($2), $3, $4, 'sent', now())`,
      [id, address, { mark }, mark],
    ),
  'private.notification_callbacks': ({ id }, { address }) =>
    admin.query(
      `with job as (
         insert into private.notification_jobs (tenant_id, type, template, address, idempotency_key, status, settled_at)
         values ($1, 'welcome', 'welcome', 'somebody@example.com', gen_random_uuid()::text, 'sent', now()) returning tenant_id, id
       )
       insert into private.notification_callbacks (tenant_id, job_id, provider_id, event_id, channel, address)
       select tenant_id, id, gen_random_uuid(), 'sweep', 'email', private.fold_email($2) from job`,
      [id, address],
    ),
  webhook_events: ({ id }, { address, mark }) =>
    admin.query(
      `insert into public.webhook_events (tenant_id, type, version, payload) values ($1, 'webhook.test', 1, $2)`,
      [id, JSON.stringify({ data: { email: address, mark } })],
    ),
  webhook_attempts: ({ id }, { address, mark }, endpoint) =>
    admin.query(
      `with event as (
         insert into public.webhook_events (tenant_id, type, version, payload) values ($1, 'webhook.test', 1, '{}') returning tenant_id, id
       ), delivery as (
         insert into public.webhook_deliveries (tenant_id, event_id, endpoint_id)
         select tenant_id, id, $2 from event returning tenant_id, event_id, endpoint_id
       )
       insert into public.webhook_attempts (tenant_id, event_id, endpoint_id, attempt_number, outcome, duration_ms, response_body)
       select tenant_id, event_id, endpoint_id, 1, 'succeeded', 1, $3 from delivery`,
      [id, endpoint, `Thanks, ${address}. ${mark}`],
    ),
}

/** What makes a row about a person that is kept. A tenant has one of some of these: only one person can be in it. */
export const keptFills: Record<string, Fill> = {
  tenants: ({ id }, { address }) =>
    admin.query('update public.tenants set sales_owner = $2 where id = $1', [id, address]),
  tenant_brands: ({ id }, { address }) =>
    admin.query(
      `insert into public.tenant_brands (tenant_id, display_name, coach_email) values ($1, 'Studio', $2)
       on conflict (tenant_id) do update set coach_email = excluded.coach_email`,
      [id, address],
    ),
  bot_tenants: ({ id }, { address }) =>
    admin.query(
      `insert into public.bot_tenants (tenant_id, client_name, client_email) values ($1, 'Shop', lower($2))`,
      [id, address],
    ),
  bot_control_settings: ({ id }, { address }) =>
    admin.query(`update public.bot_control_settings set escalation_email = lower($2) where tenant_id = $1`, [
      id,
      address,
    ]),
  contacts: ({ id }, { address }) =>
    admin.query(
      `insert into public.contacts (tenant_id, bot_id, wa_id, full_name) select $1, b.id, '254700000001', $2
       from public.bot_tenants as b where b.tenant_id = $1`,
      [id, address],
    ),
  bot_messages: ({ id }, { address }) =>
    admin.query(
      `insert into public.bot_messages (tenant_id, bot_id, contact_id, direction, source, message_text)
       select c.tenant_id, c.bot_id, c.id, 'inbound', 'contact', $2 from public.contacts as c where c.tenant_id = $1`,
      [id, `Write to ${address}.`],
    ),
  contact_subscriptions: ({ id }) =>
    admin.query(
      `with ordered as (
         insert into public.payment_orders (tenant_id, provider, kind, amount_minor, currency, bought)
         values ($1, 'mpesa', 'bot_subscription', 100, 'KES', '{}') returning id)
       insert into public.contact_subscriptions (tenant_id, bot_id, contact_id, order_id, plan_name, plan_type, level, amount_minor, currency, phone)
       select c.tenant_id, c.bot_id, c.id, o.id, 'Club', 'one', 1, 100, 'KES', '254700000001'
       from public.contacts as c, ordered as o where c.tenant_id = $1`,
      [id],
    ),
  'private.phone_confirmations': ({ id }) =>
    admin.query(
      `insert into private.phone_confirmations (tenant_id, user_id, phone, code_hash)
       select tenant_id, user_id, '+447700900123', sha256('123456') from public.tenant_members where tenant_id = $1 and role = 'owner'`,
      [id],
    ),
  tenant_idp_config: ({ id }, { address }) =>
    admin.query(`insert into public.tenant_idp_config (tenant_id, type, metadata) values ($1, 'saml', $2)`, [
      id,
      { metadata_xml: `<EmailAddress>${address}</EmailAddress>` },
    ]),
  notification_suppressions: ({ id }, { address }) =>
    admin.query(`select private.suppress($1, 'email', $2, 'bounced')`, [id, address]),
  contracts: ({ id }, { address }) =>
    admin.query(
      `insert into public.contracts (tenant_id, template_version, details, status, pdf_s3_key, pdf_sha256, generated_at, accepted_at)
       values ($1, 'v1.0', $2, 'superseded', 'kept.pdf', repeat('a', 64), now(), null)`,
      [id, { email: address }],
    ),
  onboarding_runs: ({ id }, { address }) =>
    admin.query(
      `insert into public.onboarding_runs (tenant_id, status, research_output) values ($1, 'review', $2)`,
      [id, `Write to ${address}.`],
    ),
  'private.registration_orders': ({ id }, { address }) =>
    admin.query(
      `with made as (
         insert into public.payment_orders (tenant_id, provider, kind, amount_minor, currency, bought)
         values ($1, 'stripe', 'topup', 4900, 'CHF', '{"bundle": "credits_500", "credits": 500}') returning tenant_id, id
       )
       insert into private.registration_orders (tenant_id, order_id, token_hash, invitation_hash, filled_in)
       select tenant_id, id, sha256('kept'), sha256('kept'), $2 from made`,
      [id, JSON.stringify({ contact: { email: address } })],
    ),
  tenant_billing: ({ id }, { address }) =>
    admin.query(
      `insert into public.tenant_billing (tenant_id, billing_name) values ($1, $2)
       on conflict (tenant_id) do update set billing_name = excluded.billing_name`,
      [id, address],
    ),
  credit_ledger: ({ id }, { address }) =>
    admin.query(`select private.adjust_credits($1, 5, 'kept', 'admin:ada', $2)`, [
      id,
      `Asked by ${address}.`,
    ]),
  'private.demo_snapshots': ({ id }, { address }) =>
    admin.query(
      `insert into private.demo_snapshots (tenant_id, relation, rows) values ($1, 'participant_sessions', $2)`,
      [id, JSON.stringify([{ email: address }])],
    ),
  audit_log: ({ id }, { address }) =>
    admin.query(`select private.record_audit($1, 'person.forgotten', 'person', null, $2)`, [id, address]),
}

export async function makeEndpoint(tenant: Tenant): Promise<string> {
  const { rows } = await admin.query<{ id: string }>(
    `insert into public.webhook_endpoints (tenant_id, kind, secret_id) values ($1, 'poll', vault.create_secret($2)) returning id`,
    [tenant.id, secret],
  )
  return rows[0]!.id
}

export async function fill(tenant: Tenant, subjects: Subject[]): Promise<void> {
  const endpoint = await makeEndpoint(tenant)
  for (const subject of subjects) {
    for (const make of Object.values(fills)) await make(tenant, subject, endpoint)
  }
}

/** Every row of a tenant as text, by table. */
export async function rowsOf(tenant: Tenant): Promise<Record<string, string[]>> {
  const { rows: tables } = await superuser.query<{ name: string; relation: string; tenant_column: string }>(
    // Cron counts, whoever is forgotten.
    `select name, relation::text, tenant_column from private.tenant_tables() where name not like '%tenant_count%' order by name`,
  )
  const found: Record<string, string[]> = {}
  for (const { name, relation, tenant_column } of tables) {
    const { rows } = await superuser.query<{ row: string }>(
      `select to_jsonb(t)::text as row from ${relation} as t where ${tenant_column} = $1 order by 1`,
      [tenant.id],
    )
    found[name] = rows.map(({ row }) => row)
  }
  return found
}

/** The rows, by table, that have this text in them, in upper or lower case. */
export function withText(rows: Record<string, string[]>, text: string): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(rows)
      .map(
        ([name, all]) => [name, all.filter((row) => row.toLowerCase().includes(text.toLowerCase()))] as const,
      )
      .filter(([, some]) => some.length > 0),
  )
}

export const serviceKey = { apikey: inject('stack').secret_key }
