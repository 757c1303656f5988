import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { Schemas } from '../../../lib/client/index.ts'
import { inTenant } from './client.ts'

export type CreditEntry = Schemas['CreditEntry']

/** What there is now. */
export const creditsQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'credits'],
    queryFn: async ({ signal }) => (await inTenant(slug).GET('/usage/credits', { signal })).data,
  })

/** Every change, page by page, the newest first. */
export const creditLedgerQuery = (slug: string) =>
  infiniteQueryOptions({
    queryKey: [slug, 'credits', 'ledger'],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const { data } = await inTenant(slug).GET('/usage/credits/ledger', {
        params: { query: { limit: 30, ...(cursor && { cursor }) } },
        signal,
      })
      return data
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })

/** What happened in each of the last months, the newest first. */
export const creditStatementsQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'credits', 'statements'],
    queryFn: async ({ signal }) => {
      const { data } = await inTenant(slug).GET('/usage/credits/statements', {
        params: { query: { limit: 12 } },
        signal,
      })
      return data.statements
    },
  })
