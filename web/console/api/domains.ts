import { queryOptions } from '@tanstack/react-query'
import type { Schemas } from '../../../lib/client/index.ts'
import { all } from './all.ts'
import { inTenant, platform } from './client.ts'

export type Domain = Schemas['Domain']

const domainOf = (domain: string) => ({ path: { domain } })

/** Where the tenant's page is. */
export const addressQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'address'],
    queryFn: async ({ signal }) => (await inTenant(slug).GET('/branding/address', { signal })).data,
  })

/** The tenant's own domains, the newest first. A plan has room for a hundred at most. */
export const domainsQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'domains'],
    queryFn: ({ signal }) => all(inTenant(slug).list('/branding/domains', { signal })),
  })

export async function addDomain(slug: string, host: string): Promise<void> {
  await inTenant(slug).POST('/branding/domains', { body: { host } })
}

/** Looks for the records now. The domain says what was found. */
export async function checkDomain(slug: string, domain: string): Promise<void> {
  await inTenant(slug).POST('/branding/domains/{domain}/verify', { params: domainOf(domain) })
}

export async function makePrimary(slug: string, domain: string): Promise<void> {
  await inTenant(slug).POST('/branding/domains/{domain}/primary', { params: domainOf(domain) })
}

export async function removeDomain(slug: string, domain: string): Promise<void> {
  await inTenant(slug).DELETE('/branding/domains/{domain}', { params: domainOf(domain) })
}

/** Gives the tenant another slug. The old one leads to it for 90 days. */
export async function changeSlug(slug: string, to: string): Promise<string> {
  const { data } = await platform.POST('/registry/tenants/{ref}/slug', {
    params: { path: { ref: slug } },
    body: { slug: to },
  })
  return data.slug
}
