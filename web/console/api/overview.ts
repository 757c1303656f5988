import { queryOptions } from '@tanstack/react-query'
import { platform } from './client.ts'

/** What needs doing in a tenant, the gravest first. */
export const overviewQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'overview'],
    queryFn: async ({ signal }) => {
      const { data } = await platform.GET('/registry/tenants/{ref}/overview', {
        params: { path: { ref: slug } },
        signal,
      })
      return data.findings
    },
  })
