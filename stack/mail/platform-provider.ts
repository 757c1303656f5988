import { connected } from '../database/connected.ts'
import { localAccount } from '../providers/sms/twilio.ts'

/**
 * Has the platform's mails go to the local mailbox, as an operator would name a mail server. The port may be another after
 * a restart, so it is done at each. A provider that somebody set up instead stays.
 */
export async function keepPlatformProvider(dbUrl: string, smtpPort: number): Promise<void> {
  await connected(dbUrl, async (db) => {
    const { rows } = await db.query(
      `select to_regclass('public.notification_providers') is not null as present`,
    )
    // Migrations of another project.
    if (!rows[0]?.present) return
    await db.query(
      `insert into public.notification_providers as p (tenant_id, channel, provider, config, verified_at)
       values (private.platform_tenant_id(), 'email', 'smtp', $1, now())
       on conflict (tenant_id, channel) do update set config = excluded.config, verified_at = now()
       where p.provider = 'smtp' and p.config ->> 'host' = '127.0.0.1'`,
      [{ host: '127.0.0.1', port: smtpPort, from_email: 'no-reply@tenantry.example.com' }],
    )
  })
}

/**
 * Has the platform's SMS go to the page of the phones, unless the functions ask another server: it does not know the local
 * account. A provider that somebody set up instead stays.
 */
export async function keepPlatformSms(dbUrl: string, isLocal: boolean): Promise<void> {
  await connected(dbUrl, async (db) => {
    const { rows } = await db.query(
      `select to_regclass('public.notification_providers') is not null as present`,
    )
    // Migrations of another project.
    if (!rows[0]?.present) return
    if (!isLocal) {
      await db.query(
        `delete from public.notification_providers as p
         where p.tenant_id = private.platform_tenant_id() and p.channel = 'sms' and p.config = $1`,
        [localAccount],
      )
      return
    }
    await db.query(
      `select private.set_notification_provider(private.platform_tenant_id(), 'sms', 'twilio', $1, 'local')
       where not exists (select from public.notification_providers as p
         where p.tenant_id = private.platform_tenant_id() and p.channel = 'sms')`,
      [localAccount],
    )
    await db.query(
      `update public.notification_providers as p set verified_at = coalesce(p.verified_at, now())
       where p.tenant_id = private.platform_tenant_id() and p.channel = 'sms' and p.config = $1`,
      [localAccount],
    )
  })
}
