import { queryOptions } from '@tanstack/react-query'
import type { Schemas } from '../../../lib/client/index.ts'
import { platform } from './client.ts'

export type TenantChange = Schemas['TenantChange']

/** The tenants that the person belongs to. */
export const tenantsQuery = queryOptions({
  queryKey: ['tenants'],
  queryFn: async ({ signal }) => {
    const { data } = await platform.GET('/registry/tenants', { params: { query: { limit: 100 } }, signal })
    return data
  },
})

export const tenantQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'tenant'],
    queryFn: async ({ signal }) => {
      const { data } = await platform.GET('/registry/tenants/{ref}', {
        params: { path: { ref: slug } },
        signal,
      })
      return data
    },
  })

/** What the rule of the provider that signed the person in says of them. Asking again changes nothing. */
export const signInQuery = queryOptions({
  queryKey: ['sign-in'],
  queryFn: async ({ signal }) => {
    const { data } = await platform.POST('/registry/sign-ins', { signal })
    return data
  },
})

/** Makes a tenant, whose owner is the person who is signed in. Gives its slug. */
export async function makeTenant(body: Schemas['NewTenant']): Promise<string> {
  const { data } = await platform.POST('/registry/tenants', { body })
  return data.slug
}

export async function changeTenant(slug: string, body: TenantChange): Promise<void> {
  await platform.PATCH('/registry/tenants/{ref}', { params: { path: { ref: slug } }, body })
}
