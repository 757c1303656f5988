import { connected } from '../database/connected.ts'

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
