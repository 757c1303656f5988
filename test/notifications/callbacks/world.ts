import { expect, inject } from 'vitest'
import { admin } from '../../kit/db.ts'
import type { Tenant } from '../../kit/tenants.ts'
import { byTwilio, freshSid, type Signed, sendgridKeys } from './signing.ts'

export const base = `${inject('stack').api_url}/functions/v1/notifications/callbacks`
export const keys = sendgridKeys()

export interface Provider {
  id: string
  ref_id: string
}
export async function setProvider(
  of: Tenant,
  channel = 'sms',
  kind = 'twilio',
  config: object = { account_sid: `AC${'0'.repeat(32)}`, from: '+12025550106' },
): Promise<Provider> {
  await admin.query(
    `select private.set_notification_provider($1, $2, $3, $4, $5, callback_secret => 'secret of the app')`,
    [of.id, channel, kind, config, `token of ${of.id}`],
  )
  const { rows } = await admin.query<Provider>(
    'select id, ref_id from public.notification_providers where tenant_id = $1 and channel = $2',
    [of.id, channel],
  )
  return rows[0]!
}
export const setSendgrid = (of: Tenant) =>
  setProvider(of, 'email', 'sendgrid', { from_email: 'ada@example.com', event_key: keys.event_key })

/** A job as the dispatcher leaves it. */
export async function makeJob(of: Tenant, provider: Provider | null, job: object = {}): Promise<string> {
  const { status, channel, address, message_id } = {
    ...{ status: 'sent', channel: 'sms', address: '+447700900123', message_id: null as string | null },
    ...job,
  }
  const { rows } = await admin.query<{ id: string }>(
    `insert into private.notification_jobs
       (tenant_id, channel, type, template, address, idempotency_key, queued_at, status, settled_at, provider_id, message_id)
     values ($1, $2, 'welcome', 'welcome', $3, gen_random_uuid()::text, now(), $4::private.notification_job_status,
       case when $4 <> 'pending' then now() end, $5, $6) returning id`,
    [of.id, channel, address, status, provider?.id, message_id],
  )
  return rows[0]!.id
}
export const stateOf = async (job: string) =>
  (await admin.query('select status, error from private.notification_jobs where id = $1', [job])).rows[0]
export const suppressedOf = async (of: Tenant) =>
  (
    await admin.query(
      `select channel, address, reason, expires_at is not null as ends from public.notification_suppressions
       where tenant_id = $1 order by address`,
      [of.id],
    )
  ).rows
export const send = (provider: { ref_id: string }, { search = '', headers, body }: Signed) =>
  fetch(`${base}/${provider.ref_id}${search}`, { method: 'POST', headers, body })
export const taken = async (answer: Promise<Response>) => {
  const response = await answer
  expect(response.status).toBe(200)
  return response.json()
}
export const stored = async (of: Tenant) =>
  (await admin.query('select from private.notification_callbacks where tenant_id = $1', [of.id])).rowCount

/** What Twilio says of a job of a tenant. */
export const sms = (of: Tenant, to: Provider, job: string, MessageStatus: string, more: object = {}) =>
  byTwilio(
    `${base}/${to.ref_id}`,
    `token of ${of.id}`,
    { MessageSid: freshSid(), MessageStatus, To: '+447700900123', ...more },
    `${of.id}.${job}`,
  )
