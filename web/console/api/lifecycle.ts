import { queryOptions } from '@tanstack/react-query'
import { platform } from './client.ts'

const tenantOf = (slug: string) => ({ path: { ref: slug } })

/** Where a tenant stands in its life, and what comes next. */
export const lifecycleQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'lifecycle'],
    queryFn: async ({ signal }) => {
      const { data } = await platform.GET('/registry/tenants/{ref}/lifecycle', {
        params: tenantOf(slug),
        signal,
      })
      return data
    },
  })

export async function cancelTenant(slug: string, reason: string): Promise<void> {
  await platform.POST('/registry/tenants/{ref}/cancel', {
    params: tenantOf(slug),
    body: reason ? { reason } : {},
  })
}
