import { queryOptions } from '@tanstack/react-query'
import { all } from './all.ts'
import { inTenant } from './client.ts'

/** The assessments that the product knows. */
export const frameworksQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'frameworks'],
    queryFn: ({ signal }) => all(inTenant(slug).list('/assessments/frameworks', { signal })),
    staleTime: Number.POSITIVE_INFINITY,
  })

/** An assessment as it is in this tenant: what its questions and results are called. */
export const resolvedQuery = (slug: string, framework: string) =>
  queryOptions({
    queryKey: [slug, 'frameworks', framework, 'resolved'],
    queryFn: async ({ signal }) => {
      const { data } = await inTenant(slug).GET('/assessments/frameworks/{framework}/config/resolved', {
        params: { path: { framework } },
        signal,
      })
      return data.config
    },
    staleTime: 60_000,
  })
