import { admin } from '../kit/db.ts'
import type { Tenant } from '../kit/tenants.ts'

/** A polling one, of which everything can be asked. It receives these types of events, or every type. */
export async function makeEndpoint(tenant: Tenant, event_types: string[] | null = null): Promise<string> {
  const { rows } = await admin.query<{ ref_id: string }>(
    `insert into public.webhook_endpoints (tenant_id, kind, event_types, secret_id)
     values ($1, 'poll', $2, vault.create_secret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')) returning ref_id`,
    [tenant.id, event_types],
  )
  return rows[0]!.ref_id
}

export async function makeMessage(tenant: Tenant): Promise<string> {
  const { rows } = await admin.query<{ id: string }>(
    `insert into public.webhook_events (tenant_id, type, version, payload)
     values ($1, 'webhook.test', 1, '{"data":{}}') returning 'msg_' || private.ulid(id) as id`,
    [tenant.id],
  )
  return rows[0]!.id
}
