import { type Asker, type Db, Problem, readPage, serviceFor, sql } from '../../db/index.ts'
import { callbackUrl } from '../dispatch/settings.ts'
import {
  type Channel,
  type NotificationProvider,
  type NotificationProviders,
  type ProviderQuery,
  type ProviderSettings,
  providerOrder,
} from './schema.ts'

const columns = sql`
  p.ref_id, p.channel, p.provider, p.config, p.config_secret_id is not null as has_secret,
  p.callback_secret_id is not null as has_callback_secret, p.is_active, p.verified_at,
  p.last_error, p.created_at, p.updated_at`

/** A page of a tenant's providers, by channel: there is at most one for each. */
export async function listProviders(
  db: Db,
  tenantId: string,
  { limit, cursor }: ProviderQuery,
): Promise<NotificationProviders> {
  const { rows, next_cursor } = await readPage<NotificationProvider>(
    db,
    providerOrder,
    { limit, cursor },
    (rowCount) => sql`
    select ${columns} from public.notification_providers as p
    where p.tenant_id = ${tenantId}
      and (${cursor?.channel}::public.notification_channel is null or p.channel > ${cursor?.channel}::public.notification_channel)
    order by p.channel limit ${rowCount}`,
  )
  return { notification_providers: rows.map(withCallback), next_cursor }
}

/** One of them. 404 not_found. */
export async function readProvider(
  db: Db,
  tenantId: string,
  channel: Channel,
): Promise<NotificationProvider> {
  const [provider] = await db.query<NotificationProvider>(sql`
    select ${columns} from public.notification_providers as p
    where p.tenant_id = ${tenantId} and p.channel = ${channel}::public.notification_channel`)
  if (!provider) throw noSuchProvider(channel)
  return withCallback(provider)
}

function withCallback(provider: Omit<NotificationProvider, 'callback_url'>): NotificationProvider {
  // A mail server calls nobody back.
  return { ...provider, callback_url: provider.provider === 'smtp' ? null : callbackUrl(provider.ref_id) }
}

/** Stores the settings. They are used once a test went well. 422 invalid_value without a secret that is needed. */
export async function setProvider(
  db: Db,
  { claims, headers }: Asker,
  tenantId: string,
  channel: Channel,
  { provider, config, secret, is_active, ...settings }: ProviderSettings,
): Promise<NotificationProvider> {
  const callbackSecret = 'callback_secret' in settings ? settings.callback_secret : undefined
  await db.query(sql`select private.require_permission(${tenantId}, 'manage')`)
  await serviceFor(claims, headers).query(sql`
    select private.set_notification_provider(${tenantId}, ${channel}::public.notification_channel,
      ${provider}::public.notification_provider, ${JSON.stringify(config)}::jsonb, ${secret}, ${is_active},
      ${callbackSecret})`)
  return readProvider(db, tenantId, channel)
}

/** Deletes the settings and the secret: the provider of the platform is used. 404 not_found. */
export async function removeProvider(db: Db, tenantId: string, channel: Channel): Promise<void> {
  const removed = await db.query(sql`
    delete from public.notification_providers as p
    where p.tenant_id = ${tenantId} and p.channel = ${channel}::public.notification_channel returning 1`)
  if (removed.length === 0) throw noSuchProvider(channel)
}

const noSuchProvider = (channel: Channel) =>
  new Problem('not_found', `This tenant has no provider of its own for ${channel}.`)
