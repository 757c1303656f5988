import { randomBytes } from 'node:crypto'
import type { Queryable } from '../../kit/db.ts'

/** How a person makes what a gate is asked for: the nth one of a tenant, straight in SQL. */
type Attempt = (db: Queryable, tenantId: string, n: number) => Promise<unknown>

const hash = '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$c29tZWhhc2g'
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

const addDomain: Attempt = (db, tenantId) =>
  db.query('select private.add_domain($1, $2)', [tenantId, `${randomBytes(6).toString('hex')}.example.com`])
const createKey: Attempt = (db, tenantId) =>
  db.query(`select public.create_api_key($1, $2, '{tenant:read}', 'AAAAAAAA', $3, $4)`, [
    tenantId,
    randomBytes(6).toString('hex'),
    hash,
    randomBytes(32),
  ])
const createEndpoint: Attempt = (db, tenantId) =>
  db.query(`select public.create_webhook_endpoint($1, $2, 'https://hooks.example.com/in')`, [
    tenantId,
    secret,
  ])

const addBot: Attempt = (db, tenantId) =>
  db.query(`insert into public.bot_tenants (tenant_id, client_name) values ($1, 'Probe')`, [tenantId])
const botOf = `(select id from public.bot_tenants where tenant_id = $1 and client_name = 'Room')`

/** A gate that something asks for has to be here. */
export const attempts: Record<string, Attempt> = {
  custom_domain: addDomain,
  domains: addDomain,
  api: createKey,
  api_keys: createKey,
  webhooks: createEndpoint,
  webhook_endpoints: createEndpoint,
  bots: addBot,
  bot_tenants: addBot,
  bot_plans: (db, tenantId) =>
    db.query(
      `insert into public.bot_plans (tenant_id, bot_id, plan_name, amount_minor, level)
       values ($1, ${botOf}, gen_random_uuid(), 100, 1)`,
      [tenantId],
    ),
  bot_templates: (db, tenantId) =>
    db.query(
      `insert into public.bot_templates (tenant_id, bot_id, template_name, system_prompt)
       values ($1, ${botOf}, gen_random_uuid(), 'Probe')`,
      [tenantId],
    ),
  bot_training_data: (db, tenantId) =>
    db.query(
      `insert into public.bot_training_data (tenant_id, bot_id, question, answer) values ($1, ${botOf}, 'Probe', 'Probe')`,
      [tenantId],
    ),
  sso: (db, tenantId) =>
    db.query(
      `select public.set_idp_config($1, 'oidc', '{"issuer": "https://idp.example.com", "client_id": "probe"}')`,
      [tenantId],
    ),
  white_label: (db, tenantId) =>
    db.query(
      `update public.tenant_brands set brand = brand || '{"show_powered_by": false}' where tenant_id = $1`,
      [tenantId],
    ),
  assessments: (db, tenantId) =>
    db.query(`insert into public.campaigns (tenant_id, name, status) values ($1, 'Probe', 'draft')`, [
      tenantId,
    ]),
  campaigns: (db, tenantId) =>
    db.query(`insert into public.campaigns (tenant_id, name) values ($1, 'Probe')`, [tenantId]),
  participants: (db, tenantId) =>
    db.query(`insert into public.participant_sessions (tenant_id, email) values ($1, 'probe@example.com')`, [
      tenantId,
    ]),
  ai_authoring: (db, tenantId) => db.query('select private.require_ai_authoring($1)', [tenantId]),
  client_documents: async (db, tenantId) => {
    const { rows } = await db.query<{ ref_id: string }>(
      'insert into public.participant_sessions (tenant_id) values ($1) returning ref_id',
      [tenantId],
    )
    return db.query(`select private.await_client_document($1, $2, 'probe.txt', 'text/plain', 5)`, [
      tenantId,
      rows[0]?.ref_id,
    ])
  },
  usage_events: (db, tenantId) => db.query(`select public.log_usage_event($1, 'probe')`, [tenantId]),
  // Nobody is sent anything: the stack has no provider for it.
  messages: (db, tenantId) =>
    db.query(`select public.send_message($1, 'sms', '+447700900123', 'welcome', '{"name": "Ada"}')`, [
      tenantId,
    ]),
  // The tenant has members who are switched off. This switches one of them on.
  members: (db, tenantId, n) =>
    db.query(
      `update public.tenant_members set status = 'active' where tenant_id = $1 and user_id = (
         select user_id from public.tenant_members where tenant_id = $1 and role = 'reviewer' order by user_id offset $2 limit 1)`,
      [tenantId, n],
    ),
}

/** How a place is given back, the one that was taken first. A monthly limit has none. */
export const givingBack: Record<string, string> = {
  bot_tenants: `delete from public.bot_tenants where id = (select id from public.bot_tenants where tenant_id = $1 and client_name <> 'Room' limit 1)`,
  bot_plans: `delete from public.bot_plans where id = (select id from public.bot_plans where tenant_id = $1 limit 1)`,
  bot_templates: `delete from public.bot_templates where id = (select id from public.bot_templates where tenant_id = $1 limit 1)`,
  bot_training_data: `delete from public.bot_training_data where id = (
    select id from public.bot_training_data where tenant_id = $1 limit 1)`,
  domains:
    'select public.remove_domain(tenant_id, id) from public.tenant_domains where tenant_id = $1 limit 1',
  api_keys:
    'select public.revoke_api_key(tenant_id, id) from public.api_keys where tenant_id = $1 and revoked_at is null limit 1',
  webhook_endpoints: `select public.delete_webhook_endpoint(e.tenant_id, e.id)
    from (select tenant_id, id from public.webhook_endpoints where tenant_id = $1 limit 1) as e, generate_series(1, 2)`,
  client_documents: `select private.remove_client_document(d.tenant_id, s.ref_id, d.ref_id) from public.client_documents as d
    join public.participant_sessions as s on s.tenant_id = d.tenant_id and s.id = d.session_id where d.tenant_id = $1 limit 1`,
  campaigns: `delete from public.campaigns where id = (select id from public.campaigns where tenant_id = $1 limit 1)`,
  members: `update public.tenant_members set status = 'deactivated' where tenant_id = $1 and user_id = (
    select user_id from public.tenant_members where tenant_id = $1 and role = 'reviewer' and status = 'active' limit 1)`,
}
