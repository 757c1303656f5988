import { createHash, randomBytes } from 'node:crypto'
import type pg from 'pg'

/** A tenant with one of everything that a function may be asked about. */
export interface World {
  /** The process of the connection. */
  backend: number
  owner: string
  tenant: string
  slug: string
  endpoint: string
  polled: string
  apiKey: string
  invitation: string
  token: string
  domain: string
  domainRef: string
  campaign: string
  /** The hash of a participant's token. */
  session: Buffer
  /** The ref_ids of the participant and of a document about them. */
  participant: string
  document: string
  bot: string
  contact: string
  botMessage: string
}

export const sha256 = (text: string) => createHash('sha256').update(text).digest()
export const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

/** Makes it in the open transaction, past every check. */
export async function makeWorld(db: pg.ClientBase): Promise<World> {
  const slug = `bounds-${randomBytes(6).toString('hex')}`
  const token = `tinv_${randomBytes(32).toString('base64url')}`
  const one = async (text: string, values: unknown[]) => (await db.query(text, values)).rows[0]
  const { id: owner } = await one(
    `insert into auth.users (id, email, email_confirmed_at) values (gen_random_uuid(), $1, now()) returning id`,
    [`${slug}@example.com`],
  )
  const { id: tenant } = await one(
    `insert into public.tenants (slug, name, status, plan) values ($1, 'Bounds', 'active', 'enterprise') returning id`,
    [slug],
  )
  await db.query(`insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, 'owner')`, [
    tenant,
    owner,
  ])
  const { id: apiKey } = await one(
    `insert into public.api_keys (tenant_id, name, scopes, prefix) values ($1, 'Old', '{usage:write}', 'abcdefgh') returning id`,
    [tenant],
  )
  const { id: invitation } = await one(
    `insert into public.tenant_invitations (tenant_id, email, token_hash, sent_at)
     values ($1, $2, $3, now() - interval '5 minutes') returning id`,
    [tenant, `${slug}@example.com`, sha256(token)],
  )
  const { id: domain, ref_id: domainRef } = await one(
    `insert into public.tenant_domains (tenant_id, host) values ($1, 'bounds.example.com') returning id, ref_id`,
    [tenant],
  )
  await db.query(`update public.tenant_brands set enabled_assessments = '{industry4}' where tenant_id = $1`, [
    tenant,
  ])
  const { id: campaign } = await one(
    `insert into public.campaigns (tenant_id, name) values ($1, 'Bounds') returning id`,
    [tenant],
  )
  const session = sha256(`session ${slug}`)
  const { id: sessionId, ref_id: participant } = await one(
    `insert into public.participant_sessions (tenant_id, campaign_id, mode, token_hash) values ($1, $2, 'likert', $3)
     returning id, ref_id`,
    [tenant, campaign, session],
  )
  await db.query(`insert into public.participant_answers (tenant_id, session_id) values ($1, $2)`, [
    tenant,
    sessionId,
  ])
  const { ref_id: document } = await one(
    `insert into public.client_documents (tenant_id, session_id, name, content_type, byte_count, storage_path)
     values ($1, $2, 'a.txt', 'text/plain', 5, private.ulid($1) || '/' || md5('bounds')) returning ref_id`,
    [tenant, sessionId],
  )
  const { id: bot } = await one(
    `insert into public.bot_tenants (tenant_id, client_name) values ($1, 'Bounds') returning id`,
    [tenant],
  )
  const { id: contact } = await one(
    `insert into public.contacts (tenant_id, bot_id, wa_id) values ($1, $2, '254700000001') returning id`,
    [tenant, bot],
  )
  await db.query(
    `insert into public.conversation_states (tenant_id, bot_id, contact_id, last_received_at) values ($1, $2, $3, now())`,
    [tenant, bot, contact],
  )
  const { id: botMessage } = await one(
    `insert into public.bot_messages (tenant_id, bot_id, contact_id, direction, source, message_text)
     values ($1, $2, $3, 'inbound', 'contact', 'Hello') returning id`,
    [tenant, bot, contact],
  )
  const endpoint = async (kind: 'push' | 'poll', url: string | null) => {
    const made = await one(
      `insert into public.webhook_endpoints (tenant_id, kind, url, secret_id)
       values ($1, $2, $3, vault.create_secret($4)) returning id`,
      [tenant, kind, url, secret],
    )
    return made.id as string
  }
  const { backend } = await one('select pg_backend_pid() as backend', [])
  return {
    ...{ backend, owner, tenant, slug, apiKey, invitation, token, domain, domainRef, campaign, session },
    ...{ participant, document, bot, contact, botMessage },
    endpoint: await endpoint('push', 'https://hooks.example.com/in'),
    polled: await endpoint('poll', null),
  }
}
