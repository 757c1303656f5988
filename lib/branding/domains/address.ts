import process from 'node:process'
import { z } from 'zod'
import { type Db, sql } from '../../db/index.ts'
import { baseDomains } from './base-domains.ts'
import { normaliseHost } from './normalise-host.ts'

export const Address = z
  .strictObject({
    page_urls: z.array(z.string()).meta({
      description: "Where the tenant's page is: the primary domain first, then the addresses by its slug.",
    }),
    pages_host: z.string().nullable().meta({
      description: 'Where the CNAME record of a domain has to lead; null if the platform has not said it.',
    }),
    is_shown: z.boolean().meta({ description: 'Whether the page is switched on.' }),
  })
  .meta({ id: 'Address', description: "Where a tenant's page is." })

/** Where the pages of domains are served: TENANTRY_PAGES_HOST. Null if it is not set. */
export function pagesHost(): string | null {
  const given = process.env.TENANTRY_PAGES_HOST?.trim()
  if (!given) return null
  const host = normaliseHost(given)
  if (host === null) throw new Error(`TENANTRY_PAGES_HOST holds "${given}", which is not a host.`)
  return host
}

/** Where a tenant's page is now. */
export async function readAddress(
  db: Db,
  tenant: { id: string; slug: string },
): Promise<z.infer<typeof Address>> {
  const { host, is_active } = await db.one<{ host: string | null; is_active: boolean }>(sql`
    select (select d.host from public.tenant_domains as d
        where d.tenant_id = ${tenant.id} and d.is_primary and d.switched_off_at is null) as host,
      coalesce((select b.is_active from public.tenant_brands as b where b.tenant_id = ${tenant.id}), false) as is_active`)
  const hosts = [...(host === null ? [] : [host]), ...baseDomains().map((base) => `${tenant.slug}.${base}`)]
  return { page_urls: hosts.map(urlOf), pages_host: pagesHost(), is_shown: is_active }
}

/** The embedded Supabase serves pages itself, on the port of its API. */
function urlOf(host: string): string {
  if (!host.endsWith('.localhost')) return `https://${host}/`
  const { protocol, port } = new URL(process.env.SUPABASE_URL ?? 'http://localhost')
  return `${protocol}//${host}${port && `:${port}`}/`
}
