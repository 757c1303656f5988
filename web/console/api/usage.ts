import { queryOptions } from '@tanstack/react-query'
import type { Schemas } from '../../../lib/client/index.ts'
import { all } from './all.ts'
import { inTenant } from './client.ts'

export type Total = Schemas['UsageTotal']
export type ModelSpend = Schemas['ModelSpend']
export type Group = 'event_type' | 'model_used'

export interface Range {
  since: string
  until: string
  time_zone: string
}

/** A range of whole days that ends now. By the hour, so that a screen asks for the same range again for a while. */
export function lastDays(days: number, time_zone: string): Range {
  const hour = 3_600_000
  const until = Math.ceil(Date.now() / hour) * hour
  return {
    since: new Date(until - days * 24 * hour).toISOString(),
    until: new Date(until).toISOString(),
    time_zone,
  }
}

/** What was used on each day, all kinds together. At most a hundred days. */
export const usageByDayQuery = (slug: string, range: Range) =>
  queryOptions({
    queryKey: [slug, 'usage', 'days', range],
    queryFn: async ({ signal }) => {
      const { data } = await inTenant(slug).GET('/usage/totals', {
        params: { query: { ...range, window: 'day', group_by: '', limit: 100, format: 'json' } },
        signal,
      })
      return (data as Schemas['UsageTotals']).totals
    },
  })

/** What was used of each type or by each model, over the whole range, the most first. */
export const usageByGroupQuery = (slug: string, range: Range, group: Group) =>
  queryOptions({
    queryKey: [slug, 'usage', group, range],
    queryFn: async ({ signal }) => {
      const totals = await all(
        inTenant(slug).list('/usage/totals', {
          params: { query: { ...range, window: 'month', group_by: group, limit: 100, format: 'json' } },
          signal,
        }),
      )
      return sumBy(totals, group)
    },
  })

export interface Sum {
  name: string | null
  event_count: number
  tokens_used: number
  cost_micros: number
}

function sumBy(totals: Total[], group: Group): Sum[] {
  const sums = new Map<string | null, Sum>()
  for (const { [group]: name, event_count, tokens_used, cost_micros } of totals) {
    const sum = sums.get(name) ?? { name, event_count: 0, tokens_used: 0, cost_micros: 0 }
    sum.event_count += event_count
    sum.tokens_used += tokens_used
    sum.cost_micros += cost_micros
    sums.set(name, sum)
  }
  return [...sums.values()].sort((a, b) => b.event_count - a.event_count)
}

/** Has the browser save each day's use, by type and model. A range has some megabytes at most. */
export async function downloadUsage(slug: string, range: Range): Promise<void> {
  const { data } = await inTenant(slug).GET('/usage/totals', {
    params: { query: { ...range, window: 'day', group_by: 'event_type,model_used', format: 'csv' } },
    parseAs: 'text',
  })
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([data as string], { type: 'text/csv' }))
  link.download = `usage-${slug}.csv`
  link.click()
  // The browser has taken the file by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

/** What this month's calls of models cost, and what is left of the cap. */
export const spendQuery = (slug: string) =>
  queryOptions({
    queryKey: [slug, 'spend'],
    queryFn: async ({ signal }) => (await inTenant(slug).GET('/usage/spend', { signal })).data,
  })

export async function setSpendCap(slug: string, cap_micros: number | null): Promise<void> {
  await inTenant(slug).PUT('/usage/spend/cap', { body: { cap_micros } })
}
