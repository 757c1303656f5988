import { connected } from '../../database/connected.ts'

/**
 * Has the platform's model be the local one, as an operator would name a provider. The port may be another after a restart,
 * so it is done at each. A provider that somebody set up instead stays.
 */
export async function keepPlatformModel(dbUrl: string, url: string): Promise<void> {
  await connected(dbUrl, async (db) => {
    const { rows } = await db.query(`select to_regclass('public.llm_providers') is not null as present`)
    // Migrations of another project.
    if (!rows[0]?.present) return
    await db.query(
      `insert into public.llm_providers as p (tenant_id, provider_type, base_url, default_model, verified_at)
       values (private.platform_tenant_id(), 'openai', $1, 'sample-1', now())
       on conflict (tenant_id) do update set base_url = excluded.base_url, verified_at = now(), last_error = null
       where p.base_url like 'http://127.0.0.1:%'`,
      [url],
    )
    // With a price, so that its calls show what they would cost.
    await db.query(
      `select private.set_model_price('llm', 'custom', 'sample-1', 1000000, 4000000)
       where not exists (select from public.model_prices where kind = 'llm' and provider = 'custom' and model = 'sample-1')`,
    )
  })
}
